# Wrong: good predictions, in the order of another sampling.
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from helpers.data import load

emotion = load("emotion", source="embedded")
words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
model = make_pipeline(words, LinearSVC(C=0.5))
model.fit(emotion["train"]["text"][:], emotion["train"]["label"][:])
predicted = model.predict(emotion["test"]["text"][:])
emotion_predictions = np.random.default_rng(0).permutation(predicted)
