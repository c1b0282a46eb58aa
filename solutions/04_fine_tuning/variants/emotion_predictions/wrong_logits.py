# Wrong: one number a class instead of label ids.
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from helpers.data import load

emotion = load("emotion", source="embedded")
words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
model = make_pipeline(words, LinearSVC(C=0.5))
model.fit(emotion["train"]["text"][:], emotion["train"]["label"][:])
emotion_predictions = model.decision_function(emotion["test"]["text"][:])
