package main

import "unsafe"

// price is the function to patch. It calls, so it begins with the check of the stack.
//
//go:noinline
func price(x int64) int64 { return taxed(x) + 1 }

//go:noinline
func taxed(x int64) int64 { return x + x/4 }

// inlined goes into its callers.
func inlined(x int64) int64 { return x * 3 }

//go:noinline
func usesInlined(x int64) int64 { return inlined(x) }

var former func(int64) int64

var hooked int64 // how often the hook ran

//go:noinline
func hook(x int64) int64 {
	hooked++
	return former(x) + 1000
}

//go:noinline
func seven(x int64) int64 { return 7 }

// ask is somebody who calls price by its name.
//
//go:noinline
func ask(x int64) int64 { return price(x) }

// patched asks between patch and unpatch.
func patched(x int64) int64 {
	p := patch(price, hook, &former)
	got := ask(x)
	p.unpatch()
	return got
}

// proxied makes the proxy and calls it; price itself stays.
func proxied(x int64) int64 {
	begin(price, &former)
	return former(x)
}

// deep calls the proxy at one depth after the other, until the room on the stack is too small for price.
func deep() int64 {
	begin(price, &former)
	return down(1000)
}

//go:noinline
func down(depth int64) int64 {
	if depth == 0 {
		return 0
	}
	return former(depth)&1 + down(depth-1)
}

// missed patches a function that its caller has inlined.
func missed(x int64) (byName, throughValue int64) {
	p := patch(inlined, seven, &former)
	f := inlined
	byName, throughValue = usesInlined(x), call(f, x)
	p.unpatch()
	return
}

//go:noinline
func call(f func(int64) int64, x int64) int64 { return f(x) }

// refused writes with another system call's number, or other protections, than those that work.
func refused(number, rw, rx uintptr) int64 {
	code := jumpInto(funcValue(seven))
	at := funcValue(price)
	replaceCode(*(*uintptr)(unsafe.Pointer(at)), unsafe.Pointer(&code[0]), branchSize, number, rw, rx)
	return price(40)
}

// bare writes with a copy of replaceCode that has no NOPs around it, over a function in the same page.
func bare() int64 {
	code := []byte{0x90}
	replaceBare(addrOfNeighbour(), unsafe.Pointer(&code[0]), 1, 10, protRW, protRX)
	return neighbour(40)
}
