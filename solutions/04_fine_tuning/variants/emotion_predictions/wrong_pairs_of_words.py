# Wrong: words and pairs of them, with class weights: half of the points, not all.
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from helpers.data import load

emotion = load("emotion", source="embedded")
words = TfidfVectorizer(ngram_range=(1, 2))
model = make_pipeline(words, LinearSVC(C=0.5, class_weight="balanced"))
model.fit(emotion["train"]["text"][:], emotion["train"]["label"][:])
emotion_predictions = model.predict(emotion["test"]["text"][:])
