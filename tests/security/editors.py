"""Notebooks as editors other than JupyterLab save them, modelled on published notebooks."""

import json

import nbformat


def lines(source):
    """Return a source as both editors write it: a list of lines, none of which is empty."""
    return source.splitlines(keepends=True)


def saved_by_colab(notebook):
    """Return a notebook as Colab saves it.

    Format 4.0, so without cell ids; no metadata except Colab's own; Colab's badge on top; who ran
    each cell, and when; widgets without the "state" that nbformat requires; an empty cell.
    """
    badge = '<a href="https://colab.research.google.com/drive/1" target="_parent">Open In Colab</a>'
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {"id": "view-in-github", "colab_type": "text"},
            "source": [badge],
        }
    ]
    for number, cell in enumerate([*notebook.cells, nbformat.v4.new_code_cell()]):
        saved = {
            "cell_type": cell.cell_type,
            "source": lines(cell.source),
            "metadata": {"id": f"xYz{number:09d}"},
        }
        if cell.cell_type == "code":
            saved["metadata"] |= {
                "colab": {"base_uri": "https://localhost:8080/", "height": 34},
                "outputId": f"00000000-0000-4000-8000-{number:012d}",
                "executionInfo": {
                    "status": "ok",
                    "timestamp": 1790000000000 + number,
                    "user_tz": -120,
                    "elapsed": 12,
                    "user": {"displayName": "Ada", "userId": "0123456789"},
                },
            }
            table = {"type": "dataframe", "summary": "{}"}
            data = {
                "text/plain": ["100"],
                "application/vnd.google.colaboratory.intrinsic+json": table,
            }
            result = {"output_type": "execute_result", "execution_count": number, "metadata": {}}
            saved |= {"execution_count": number, "outputs": [{**result, "data": data}]}
        cells.append(saved)
    return {
        "nbformat": 4,
        "nbformat_minor": 0,
        "metadata": {
            "colab": {"provenance": [], "toc_visible": True, "gpuType": "T4"},
            "accelerator": "GPU",
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"0a1b": {"state": {}}}},
        },
        "cells": cells,
    }


def saved_by_vs_code(notebook):
    """Return a notebook as VS Code saves it: all metadata kept, and VS Code's own added."""
    saved = json.loads(nbformat.writes(notebook))
    for cell in saved["cells"]:
        cell["source"] = lines("".join(cell["source"]))
        cell["metadata"]["vscode"] = {"languageId": "python"}
    saved["metadata"] = {
        "kernelspec": {"display_name": ".venv (3.12.3)", "language": "python", "name": "python3"},
        "language_info": {
            "codemirror_mode": {"name": "ipython", "version": 3},
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "name": "python",
            "version": "3.12.3",
        },
        "vscode": {"interpreter": {"hash": "0" * 64}},
    }
    return saved
