# Wrong: a list instead of an array.
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from helpers.data import load
from helpers.features import dataset_features
from helpers.models import EMBEDDED_CHECKPOINT, load_encoder, load_tokenizer

opinions = load("stance_climate", source="embedded")
tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")
encoder = load_encoder(EMBEDDED_CHECKPOINT, source="embedded")
train = normalize(dataset_features(opinions["train"]["text"][:], tokenizer, encoder))
test = normalize(dataset_features(opinions["test"]["text"][:], tokenizer, encoder))
model = LogisticRegression(class_weight="balanced", max_iter=1000)
model.fit(train, opinions["train"]["label"][:])
predicted = model.predict(test)
stance_predictions = predicted.tolist()
