"""nbgrader's settings for a student: which course it is, and where the notebooks lie."""

c = get_config()  # noqa: F821 - nbgrader provides it

c.CourseDirectory.course_id = "transformers-for-text-classification"
# What `make lab` opens is what is handed in by nbgrader's exchange.
c.Exchange.assignment_dir = "notebooks"
# The longest cell of a lesson takes about a minute on two cores the first time.
c.Execute.timeout = 600
c.ExecutePreprocessor.timeout = 600
# The kernel's own log is nothing that a person can act on.
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--Application.log_level=ERROR"]
