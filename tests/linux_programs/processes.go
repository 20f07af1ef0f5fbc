package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func child(kind string) {
	switch kind {
	case "echo":
		text, _ := io.ReadAll(os.Stdin)
		fmt.Println(strings.ToUpper(string(text)), os.Getenv("WHO"), os.Args[2:])
		here, _ := os.Getwd()
		fmt.Fprintln(os.Stderr, "in", here)
	case "code":
		os.Exit(7)
	case "panic":
		panic("no")
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "wait":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR1)
		fmt.Println("ready")
		fmt.Println(<-c)
	case "sleep":
		time.Sleep(time.Hour)
	case "inherit":
		text, err := io.ReadAll(os.NewFile(3, "three"))
		fmt.Println(string(text), err)
	case "nest":
		out, err := self("code").CombinedOutput()
		fmt.Println(string(out), err)
	}
}

func self(arguments ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return exec.Command(exe, arguments...)
}

func main() {
	if len(os.Args) > 1 {
		child(os.Args[1])
		return
	}
	c := self("echo", "a", "b c")
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader("hello"), &out, &errs
	c.Env, c.Dir = []string{"WHO=me"}, "/tmp"
	fmt.Println(c.Run(), out.String(), errs.String())
	for _, kind := range []string{"code", "killed", "nest"} {
		text, err := self(kind).CombinedOutput()
		fmt.Printf("%s: %q %v\n", kind, text, err)
	}
	text, err := self("panic").CombinedOutput()
	fmt.Println(strings.HasPrefix(string(text), "panic: no"), err)

	c = self("wait")
	pipe, _ := c.StdoutPipe()
	c.Start()
	b := make([]byte, 6)
	io.ReadFull(pipe, b)
	fmt.Printf("%q %v\n", b, c.Process.Signal(syscall.SIGUSR1))
	rest, _ := io.ReadAll(pipe)
	fmt.Printf("%q %v\n", rest, c.Wait())

	c = self("sleep")
	c.Start()
	go func() {
		time.Sleep(20 * time.Millisecond)
		c.Process.Kill()
	}()
	fmt.Println(c.Wait(), c.ProcessState.Success())
	fmt.Println(c.Process.Kill())

	r, w, _ := os.Pipe()
	c = self("inherit")
	c.ExtraFiles = []*os.File{r}
	c.Stdout = os.Stdout
	c.Start()
	r.Close()
	w.WriteString("through three")
	w.Close()
	fmt.Println(c.Wait())

	err = exec.Command("/missing").Run()
	fmt.Println(errors.Is(err, os.ErrNotExist))
	os.WriteFile("/tmp/not-a-program", []byte("data"), 0o755)
	fmt.Println(exec.Command("/tmp/not-a-program").Run())
	os.Remove("/tmp/not-a-program")
	var status syscall.WaitStatus
	_, err = syscall.Wait4(-1, &status, 0, nil)
	fmt.Println(err)
	before := time.Now()
	fmt.Println(self("code").Run(), time.Since(before) < time.Minute)
}
