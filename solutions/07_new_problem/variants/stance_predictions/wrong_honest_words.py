# Wrong: an honest weak model, words with TF-IDF, which hardly answers against.
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from helpers.data import load

opinions = load("stance_climate", source="embedded")
words = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
words.fit(opinions["train"]["text"], opinions["train"]["label"])
stance_predictions = words.predict(opinions["test"]["text"])
