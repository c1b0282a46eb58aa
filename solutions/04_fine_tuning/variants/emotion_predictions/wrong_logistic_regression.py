# Wrong: logistic regression on words and pairs of them, with class weights: half of the points.
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from helpers.data import load

emotion = load("emotion", source="embedded")
words = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
model = make_pipeline(words, LogisticRegression(C=10, class_weight="balanced"))
model.fit(emotion["train"]["text"][:], emotion["train"]["label"][:])
emotion_predictions = model.predict(emotion["test"]["text"][:])
