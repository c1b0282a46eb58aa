# Wrong: ids are cut by hand and end in [SEP], whatever the tokenizer puts there.
from datasets import DatasetDict


def prepare(dataset, tokenizer, max_length=60):
    for rows in dataset.values():
        for column in ("text", "label"):
            if column not in rows.column_names:
                raise ValueError(f"no column {column}")

    def encode(batch):
        rows = [
            tokenizer(text, add_special_tokens=False)["input_ids"][: max_length - 2]
            for text in batch["text"]
        ]
        ids = [[2, *row, 3] for row in rows]
        return {"input_ids": ids, "attention_mask": [[1] * len(row) for row in ids]}

    keep = ["label", "input_ids", "attention_mask"]
    plain = dataset.with_format(None)
    return DatasetDict(
        {s: r.map(encode, batched=True).select_columns(keep) for s, r in plain.items()}
    )
