# Wrong: an honest weak model, the thousand most frequent words: points for it, not all.
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from helpers.data import load

emotion = load("emotion", source="embedded")
words = TfidfVectorizer(max_features=1000)
model = make_pipeline(words, LinearSVC(C=0.5))
model.fit(emotion["train"]["text"][:], emotion["train"]["label"][:])
emotion_predictions = model.predict(emotion["test"]["text"][:])
