# 64 calls, each at another place of its cache line: what `as` makes of them with bundles of 64 bytes, and,
# with --defsym PLAIN=1, without. `as --64 -o bundled.o bundled.s`, GNU Binutils 2.40.
	.text
	.p2align 6
	.set gap, 0
	.rept 64
	.p2align 6
	.fill gap, 1, 0x90
	.ifndef PLAIN
	.bundle_align_mode 6
	.endif
	call callee
	.ifndef PLAIN
	.bundle_align_mode 0
	.endif
	.set gap, gap + 1
	.endr
callee:
	ret
