install:
	.venv/bin/python -m pip install -e .
