package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// base is the project that tools are installed for.
type base struct {
	root string
	out  io.Writer
}

// tools is a path below .tools/.
func (b base) tools(parts ...string) string {
	return filepath.Join(append([]string{b.root, ".tools"}, parts...)...)
}

// source is a path of the project.
func (b base) source(parts ...string) string {
	return filepath.Join(append([]string{b.root}, parts...)...)
}

// has tells whether the tool is installed with this pin. An empty pin means that the machine has it.
func (b base) has(t tool, pin string) bool {
	if pin == "" {
		return true
	}
	have, err := os.ReadFile(b.tools("stamps", t.name))
	if err != nil || string(have) != pin {
		return false
	}
	_, err = os.Stat(b.tools(t.proof))
	return err == nil
}

func (b base) unstamp(t tool) error {
	if err := os.MkdirAll(b.tools("stamps"), 0o755); err != nil {
		return err
	}
	if err := os.Remove(b.tools("stamps", t.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (b base) stamp(t tool, pin string) error {
	fresh := b.tools("stamps", "."+t.name)
	if err := os.WriteFile(fresh, []byte(pin), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, b.tools("stamps", t.name))
}

// lock keeps a second installation of the same project waiting; the system frees it when the process ends, however it ends.
func (b base) lock() (func(), error) {
	if err := os.MkdirAll(b.tools(), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(b.tools("lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		fmt.Fprintln(b.out, "waiting for another installation …")
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			return nil, err
		}
	}
	return func() { _ = file.Close() }, nil
}

// command runs a program in dir and returns its standard output; what it says goes into the error.
func command(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // lets it remove its temporary files
	cmd.WaitDelay = 20 * time.Second
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(name), strings.Join(args, " "), err, said.String(), out)
	}
	return out, nil
}

// digest is the SHA-256 of files, with further texts before them.
func digest(files []string, texts ...string) (string, error) {
	sum := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(sum, "%d %s\n", len(text), text)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%d\n", len(data))
		sum.Write(data)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
