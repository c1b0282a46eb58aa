# Wrong: an honest middling model, sentence embeddings without class weights: a point, not all.
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from helpers.data import load
from helpers.features import dataset_features
from helpers.models import EMBEDDED_CHECKPOINT, load_encoder, load_tokenizer

opinions = load("stance_climate", source="embedded")
tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")
encoder = load_encoder(EMBEDDED_CHECKPOINT, source="embedded")
train = dataset_features(opinions["train"]["text"][:], tokenizer, encoder)
test = dataset_features(opinions["test"]["text"][:], tokenizer, encoder)
model = make_pipeline(Normalizer(), LogisticRegression(C=10, max_iter=1000))
stance_predictions = model.fit(train, opinions["train"]["label"][:]).predict(test)
