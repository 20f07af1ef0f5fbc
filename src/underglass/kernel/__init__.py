"""The notebook's side: cells of Go and assembly in any IPython, and the Jupyter kernel `underglass`."""
