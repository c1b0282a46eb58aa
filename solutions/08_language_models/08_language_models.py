# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # 8. Do you need a large language model?
#
# <!-- colab-badge -->
#

# %%
import json

import numpy as np
import pandas as pd
import torch

from helpers.checks import check
