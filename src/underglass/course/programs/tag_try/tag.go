// A jump back inside a function, by a return address that is replaced.
package main

import (
	"errors"
	"fmt"
	"os"
)

// tag is a place in a function, and says whose call it belongs to.
type tag struct{ pc, parent uintptr }

// newTag returns nil as its error. After a try it returns once more, with the error of that.
func newTag() (t tag, err error)

// try goes back to where newTag returned, if there is an error. It tells whether the tag was made by its caller.
func try(t tag, err error) (ours bool)

var errNo = errors.New("no")

var noted = make([]int, 0, 8)

//go:noinline
func note(n int) { noted = append(noted, n) }

// jump notes where it comes by.
func jump() {
	defer note(1)
	t, err := newTag()
	note(2)
	if err != nil {
		note(3)
		return
	}
	defer note(4)
	note(5)
	try(t, errNo)
	note(6)
}

// jumpLoop is jump with a defer in a loop: none of its defers is open-coded.
func jumpLoop() {
	for range 1 {
		defer note(1)
	}
	t, err := newTag()
	note(2)
	if err != nil {
		note(3)
		return
	}
	defer note(4)
	note(5)
	try(t, errNo)
	note(6)
}

// path returns what a function notes.
func path(f func()) string {
	noted = noted[:0]
	f()
	return fmt.Sprint(noted)
}

func openCoded() string { return path(jump) }
func listed() string    { return path(jumpLoop) }

// elsewhere tries with a tag of its caller.
//
//go:noinline
func elsewhere(t tag) bool { return try(t, errNo) }

func ofAnother() bool {
	t, _ := newTag()
	return elsewhere(t)
}

// broken has the runs that end the program, by name.
var broken = map[string]func(){"grow": grow, "collect": collect, "fail": fail}

func main() {
	if len(os.Args) > 1 {
		broken[os.Args[1]]()
	}
	fmt.Println(openCoded(), listed(), ofAnother())
	fmt.Println(local(), shared())
	fmt.Println(list())
}
