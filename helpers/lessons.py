"""The registry of lessons and exercises: names, points and minutes, in one place.

Everything that needs to know what the course holds (the checks, the build, the grader, README's
table) reads it here.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Lesson:
    """One lesson: an nbgrader assignment, a folder and a notebook of the same name.

    Attributes
    ----------
    name : str
        Folder and notebook name, such as ``"01_dataset_exploration"``.
    title : str
    minutes : int
        Minutes for reading and exercises, for a student who knows some Python and pandas.
    exercises : dict of str to int
        Points of each exercise, in the order of the lesson.
    story_trains, answer_trains : bool
        Whether the lesson itself, or an answer to an exercise, trains a model for minutes.
    wants_gpu : bool
        Whether the notebook asks Colab for a machine with a GPU.
    """

    name: str
    title: str
    minutes: int
    exercises: dict[str, int] = field(default_factory=dict)
    story_trains: bool = False
    answer_trains: bool = False
    wants_gpu: bool = False

    @property
    def number(self) -> int:
        return int(self.name[:2])

    @property
    def topic(self) -> str:
        """The name without its number: ``"dataset_exploration"``."""
        return self.name[3:]

    @property
    def points(self) -> int:
        return sum(self.exercises.values())


LESSONS = (
    Lesson(
        "01_dataset_exploration",
        "Know your data before you model it",
        90,
        {
            "summarize_dataset": 2,
            "add_label_names": 1,
            "load_labelled_file": 3,
            "oversample": 3,
            "class_weights": 1,
            "written_imbalance": 2,
        },
    ),
    Lesson(
        "02_tokenization",
        "From text to tokens",
        100,
        {
            "build_vocabulary": 1,
            "one_hot": 1,
            "wordpiece": 4,
            "pad_batch": 3,
            "padding_waste": 2,
            "compare_tokenizers": 2,
            "written_tokenizers": 1,
        },
    ),
    Lesson(
        "03_feature_extraction",
        "A pretrained model as a feature extractor",
        120,
        {
            "attention": 3,
            "mean_pool": 2,
            "extract_features": 4,
            "compare_classifiers": 2,
            "neighborhood_purity": 3,
            "project": 1,
            "written_classifiers": 2,
        },
    ),
    Lesson(
        "04_fine_tuning",
        "Train the whole model",
        140,
        {
            "compute_metrics": 1,
            "label_maps": 1,
            "weighted_cross_entropy": 2,
            "linear_schedule": 2,
            "training_step": 3,
            "paired_bootstrap": 2,
            "fastest_within": 1,
            "emotion_predictions": 5,
            "written_hyperparameters": 2,
        },
        story_trains=True,
        answer_trains=True,
        wants_gpu=True,
    ),
    Lesson(
        "05_error_analysis",
        "Where, and why, is it wrong?",
        110,
        {
            "per_example_loss": 2,
            "evaluation_report": 3,
            "most_confident_errors": 1,
            "suspect_labels": 4,
            "expected_calibration_error": 3,
            "slice_metrics": 2,
            "written_patterns": 2,
        },
        story_trains=True,
    ),
    Lesson(
        "06_deployment",
        "Put the model to work",
        130,
        {
            "top_predictions": 2,
            "query": 4,
            "classify": 2,
            "zero_shot": 2,
            "create_app": 5,
            "written_model_card": 2,
        },
        story_trains=True,
    ),
    Lesson(
        "07_new_problem",
        "On your own",
        120,
        {
            "prepare": 2,
            "predict_texts": 3,
            "few_shot_sample": 2,
            "stance_score": 2,
            "stance_predictions": 6,
            "written_improvements": 4,
        },
        story_trains=True,
        wants_gpu=True,
    ),
    Lesson(
        "08_language_models",
        "Do you need a large language model?",
        120,
        {
            "build_prompt": 2,
            "label_log_probabilities": 4,
            "calibrate": 2,
            "parse_label": 2,
            "contrastive_pairs": 3,
            "add_lora": 3,
            "pareto_front": 2,
            "written_decision": 2,
        },
        story_trains=True,
    ),
)


def lesson_named(name: str) -> Lesson:
    """Return the lesson of that name (``"01_dataset_exploration"`` or its number, ``"1"``).

    Raises
    ------
    ValueError
        If there is no such lesson; the message lists the lessons.
    """
    for lesson in LESSONS:
        if name in (lesson.name, lesson.topic, str(lesson.number), f"{lesson.number:02d}"):
            return lesson
    known = ", ".join(lesson.name for lesson in LESSONS)
    raise ValueError(f"there is no lesson {name!r}; the lessons are {known}")


def lesson_of(exercise: str) -> Lesson:
    """Return the lesson that an exercise belongs to.

    Raises
    ------
    ValueError
        If no lesson has it; the message lists the exercises.
    """
    for lesson in LESSONS:
        if exercise in lesson.exercises:
            return lesson
    known = ", ".join(name for lesson in LESSONS for name in lesson.exercises)
    raise ValueError(f"there is no exercise {exercise!r}; the exercises are {known}")
