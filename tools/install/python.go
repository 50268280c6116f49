package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// uvLock pins the installer of the environments, which is itself installed by pip.
const uvLock = "tools/python/uv.txt"

// python makes the environment .tools/py/<name> from a lock with hashes.
func python(name, lock string, in ...string) tool {
	return tool{
		name: "py-" + name, sets: in, proof: filepath.Join("py", name, "bin", "python"),
		pin: func(b base) (string, string, error) {
			pin, err := digest([]string{b.source(lock), b.source(uvLock)}, name)
			return pin, "from " + filepath.Base(lock), err
		},
		install: func(ctx context.Context, b base) error {
			uv, err := ensureUV(ctx, b)
			if err != nil {
				return err
			}
			return makeEnvironment(ctx, b, uv, b.tools("py", name), b.source(lock))
		},
	}
}

// interpreter is the Python that environments are made of: $PYTHON, or python3.
func interpreter(ctx context.Context, b base) (string, error) {
	name := os.Getenv("PYTHON")
	if name == "" {
		name = "python3"
	}
	out, err := command(ctx, b.root, nil, name, "-c", "import sys; print(sys.executable, sys.version_info >= (3, 11))")
	if err != nil {
		return "", err
	}
	path, ok := strings.CutSuffix(strings.TrimSpace(string(out)), " True")
	if !ok {
		return "", fmt.Errorf("%s is older than Python 3.11: name another one in $PYTHON", name)
	}
	return path, nil
}

// ensureUV returns the installer, a program in an environment of its own.
func ensureUV(ctx context.Context, b base) (string, error) {
	dir := b.tools("py", ".uv")
	uv, done := filepath.Join(dir, "bin", "uv"), filepath.Join(dir, "lock")
	want, err := digest([]string{b.source(uvLock)})
	if err != nil {
		return "", err
	}
	if have, err := os.ReadFile(done); err == nil && string(have) == want {
		if _, err := os.Stat(uv); err == nil {
			return uv, nil
		}
	}
	host, err := interpreter(ctx, b)
	if err != nil {
		return "", err
	}
	if _, err := command(ctx, b.root, nil, host, "-m", "venv", "--clear", dir); err != nil {
		return "", err
	}
	if _, err := command(ctx, b.root, nil, filepath.Join(dir, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", b.source(uvLock)); err != nil {
		return "", err
	}
	return uv, os.WriteFile(done, []byte(want), 0o644)
}

// makeEnvironment starts anew each time: an environment cannot be moved, so it is not made beside the old one.
func makeEnvironment(ctx context.Context, b base, uv, dir, lock string) error {
	if err := os.RemoveAll(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	host, err := interpreter(ctx, b)
	if err != nil {
		return err
	}
	env := []string{"UV_PYTHON_DOWNLOADS=never", "UV_NO_PROGRESS=1"}
	if _, err := command(ctx, b.root, env, uv, "venv", "--quiet", "--python", host, dir); err != nil {
		return err
	}
	_, err = command(ctx, b.root, env, uv, "pip", "install", "--quiet", "--python", filepath.Join(dir, "bin", "python"), "--require-hashes", "-r", lock)
	return err
}
