package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// startAim bounds the time until the provider answers, relative to an empty one.
const startAim = 1.2

// starts is how often each provider is started; the fastest counts.
const starts = 25

// startup measures what the dependencies cost before anything is asked: the time until
// the provider shakes hands with Terraform, its size, and what building it takes.
func startup(ctx context.Context, dir string, b *strings.Builder) error {
	ours, empty := filepath.Join(dir, "ours"), filepath.Join(dir, "empty")
	took, err := build(ctx, ours, ".")
	if err != nil {
		return err
	}
	floor, err := build(ctx, empty, "./internal/bench/empty")
	if err != nil {
		return err
	}
	certificate, err := client()
	if err != nil {
		return err
	}
	asked, err := started(ctx, ours, empty, "PLUGIN_CLIENT_CERT="+certificate)
	if err != nil {
		return err
	}
	bare, err := started(ctx, ours, empty)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\n\n## Start-up and size\n\nUntil the provider shakes hands with Terraform, relative to an empty provider of the same framework; and what it is on disk. Terraform asks for a certificate in the handshake, unless it is told not to with `TF_DISABLE_PLUGIN_TLS`.\n")
	goal(b, "start-up", asked, startAim)
	fmt.Fprintf(b, "\n- the same without a certificate: %.2f (no goal)", bare)
	seen, err := validated(ctx, dir, ours, empty)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\n- the same as Terraform sees it, `terraform validate` of a configuration that only names the provider: %.2f (no goal)", seen)
	sizes := make([]float64, 2)
	for i, program := range []string{ours, empty} {
		info, err := os.Stat(program)
		if err != nil {
			return err
		}
		sizes[i] = float64(info.Size()) / (1 << 20)
	}
	fmt.Fprintf(b, "\n- size: %.0f MiB, stripped (an empty provider: %.0f MiB)\n- build with warm caches, linking included: %.1f times that of the empty one\n", sizes[0], sizes[1], took.Seconds()/floor.Seconds())
	return nil
}

// validated is how long terraform validate takes with one provider, relative to another.
func validated(ctx context.Context, dir string, ours, empty string) (float64, error) {
	least := map[string]time.Duration{}
	for range rounds {
		for name, program := range map[string]string{"mlops": ours, "empty": empty} {
			took, err := validate(ctx, filepath.Join(dir, "validate-"+name), name, program)
			if err != nil {
				return 0, err
			}
			if least[name] == 0 || took < least[name] {
				least[name] = took
			}
		}
	}
	return least["mlops"].Seconds() / least["empty"].Seconds(), nil
}

func validate(ctx context.Context, dir, name, program string) (time.Duration, error) {
	plugin := filepath.Join(dir, "terraform-provider-"+name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	if err := os.Symlink(program, plugin); err != nil && !os.IsExist(err) {
		return 0, err
	}
	for file, text := range map[string]string{
		"main.tf":     fmt.Sprintf("terraform {\n  required_providers {\n    %s = { source = \"gitops-ml/%s\" }\n  }\n}\nprovider %q {}\n", name, name, name),
		"terraformrc": fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"gitops-ml/%s\" = %q\n  }\n  direct {}\n}\n", name, dir),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			return 0, err
		}
	}
	from := time.Now()
	cmd := exec.CommandContext(ctx, "terraform", "validate")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "terraformrc"), "CHECKPOINT_DISABLE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("terraform validate: %w: %s", err, out)
	}
	return time.Since(from), nil
}

// build builds a program twice, and says how long the second time took.
func build(ctx context.Context, out, pkg string) (time.Duration, error) {
	var took time.Duration
	for range 2 {
		_ = os.Remove(out)
		from := time.Now()
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
		if text, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("build %s: %w: %s", pkg, err, text)
		}
		took = time.Since(from)
	}
	return took, nil
}

// started is how long one provider takes to shake hands, relative to another.
func started(ctx context.Context, ours, empty string, env ...string) (float64, error) {
	least := map[string]time.Duration{}
	for range starts { // in turns, so that a busy machine is busy for both
		for _, program := range []string{ours, empty} {
			took, err := handshake(ctx, program, env...)
			if err != nil {
				return 0, err
			}
			if least[program] == 0 || took < least[program] {
				least[program] = took
			}
		}
	}
	return least[ours].Seconds() / least[empty].Seconds(), nil
}

// client is a certificate as Terraform makes one for each provider it starts, on the
// curve of go-plugin v1.7.0 (mtls.go).
func client() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}, SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), nil
}

// handshake starts a provider as Terraform does, and waits for its first line.
func handshake(ctx context.Context, program string, env ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS=6")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	from := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	took := time.Since(from)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err != nil || !strings.Contains(line, "|grpc|") {
		return 0, fmt.Errorf("%s said %q, which is no handshake: %w", program, line, err)
	}
	return took, nil
}
