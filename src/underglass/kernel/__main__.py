"""`python -m underglass.kernel -f CONNECTION_FILE`, as kernel.json starts it."""

from ipykernel.kernelapp import IPKernelApp

from underglass.kernel.kernel import UnderglassKernel

IPKernelApp.launch_instance(kernel_class=UnderglassKernel)
