# Wrong: predictions for validation, which has fewer rows.
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from helpers.data import load

opinions = load("stance_climate", source="embedded")
words = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
words.fit(opinions["train"]["text"], opinions["train"]["label"])
stance_predictions = words.predict(opinions["validation"]["text"])
