package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func say(what string, err error) {
	var e syscall.Errno
	if errors.As(err, &e) {
		fmt.Println(what, int(e))
	} else {
		fmt.Println(what, err)
	}
}

func main() {
	dir, err := os.MkdirTemp("", "files")
	say("temp", err)
	defer os.RemoveAll(dir)
	at := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }

	say("write", os.WriteFile(at("a"), []byte("hello, world\n"), 0o640))
	f, err := os.OpenFile(at("a"), os.O_RDWR|os.O_APPEND, 0)
	say("open", err)
	f.WriteString("more\n")
	f.Seek(7, io.SeekStart)
	b := make([]byte, 5)
	n, err := io.ReadFull(f, b)
	fmt.Println(n, err, string(b))
	say("truncate", f.Truncate(4))
	st, _ := f.Stat()
	fmt.Println(st.Size(), st.Mode(), st.IsDir())
	f.Seek(0, io.SeekStart)
	all, _ := io.ReadAll(f)
	fmt.Printf("%q\n", all)
	_, err = f.ReadAt(b, 100)
	fmt.Println(err)
	f.Close()
	_, err = f.Write(b)
	fmt.Println(errors.Is(err, fs.ErrClosed))

	say("mkdir", os.MkdirAll(at("d", "e", "f"), 0o755))
	say("mkdir again", os.Mkdir(at("d"), 0o755))
	say("symlink", os.Symlink("../a", at("d", "link")))
	text, err := os.Readlink(at("d", "link"))
	fmt.Println(text, err)
	data, err := os.ReadFile(at("d", "link"))
	fmt.Printf("%q %v\n", data, err)
	say("loop", os.Symlink("loop", at("loop")))
	_, err = os.ReadFile(at("loop"))
	say("read loop", err)
	say("link", os.Link(at("a"), at("b")))
	ai, _ := os.Stat(at("a"))
	bi, _ := os.Stat(at("b"))
	fmt.Println(os.SameFile(ai, bi), ai.Sys().(*syscall.Stat_t).Nlink)
	say("rename into itself", os.Rename(at("d"), at("d", "e", "g")))
	say("rename", os.Rename(at("b"), at("d", "c")))
	say("rename over dir", os.Rename(at("a"), at("d")))
	say("remove full", os.Remove(at("d")))
	_, err = os.Open(at("a") + "/")
	say("slash", err)
	_, err = os.Open(at("missing"))
	say("missing", err)
	_, err = os.Open(strings.Repeat("x", 300))
	say("long", err)
	_, err = os.OpenFile(at("a"), os.O_CREATE|os.O_EXCL, 0o600)
	say("excl", err)
	_, err = os.OpenFile(at("d"), os.O_RDWR, 0)
	say("dir for writing", err)

	when := time.Unix(1_000_000_000, 5000)
	say("times", os.Chtimes(at("a"), when, when))
	say("chmod", os.Chmod(at("a"), 0o400))
	ai, _ = os.Stat(at("a"))
	fmt.Println(ai.ModTime().UTC(), ai.Mode())

	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		fmt.Println(rel, d.Type(), err)
		return nil
	})
	say("chdir", os.Chdir(at("d", "e")))
	here, err := os.Getwd()
	rel, _ := filepath.Rel(dir, here)
	fmt.Println(rel, err)
	_, err = os.Stat("../link")
	say("relative", err)
	held, _ := os.Open("f")
	say("remove", os.Remove("f"))
	names, err := held.Readdirnames(-1)
	fmt.Println(len(names), err)

	full, _ := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	_, err = full.Write(b)
	say("full", err)
	null, _ := os.Open("/dev/null")
	_, err = null.Read(b)
	fmt.Println(err)
	random, _ := os.Open("/dev/urandom")
	n, err = random.Read(b)
	fmt.Println(n, err)
	_, err = syscall.Seek(1<<20, 0, 0)
	say("bad descriptor", err)
}
