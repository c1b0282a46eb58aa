# Right: a generator of PyTorch's, in batches of draws.
import torch


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = (torch.tensor([int(hit) for hit in hits]) for hits in (correct_a, correct_b))
    if len(a) != len(b) or len(a) == 0:
        raise ValueError(f"cannot compare {len(a)} rows of correct_a with {len(b)} of correct_b")
    generator = torch.Generator().manual_seed(seed)
    gains = (b - a).double()
    differences = []
    for start in range(0, draws, 100):
        shape = (min(100, draws - start), len(gains))
        rows = torch.randint(len(gains), shape, generator=generator)
        differences.append(gains[rows].mean(dim=1))
    ends = torch.tensor([0.025, 0.975], dtype=torch.float64)
    lower, upper = torch.quantile(torch.cat(differences), ends).tolist()
    return gains.mean().item(), lower, upper
