// vaultserver is a real HashiCorp Vault in memory, for the tests of this project only: Vault's licence (BUSL) lets it be used so, and
// nothing of it gets into the provider, whose module does not know this one. It listens on loopback, is unsealed with one key that nobody
// keeps, and forgets everything at its end. It has key-value engines, policies, and logins by token, AppRole, user and password, JWT and
// Kubernetes. What of Vault's own dependencies is never used is replaced by the modules below stubs/.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/audit"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	"github.com/hashicorp/vault/helper/namespace"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8200", "address to listen on")
	level := flag.String("log-level", "error", "what is logged")
	flag.Parse()
	if err := run(*listen, *level, os.Getenv("VAULTSERVER_ROOT_TOKEN")); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(listen, level, token string) error {
	if token == "" {
		return errors.New("VAULTSERVER_ROOT_TOKEN names the root token to be")
	}
	core, err := open(hclog.New(&hclog.LoggerOptions{Level: hclog.LevelFromString(level), Output: os.Stderr}))
	if err != nil {
		return err
	}
	if err := prepare(core, token); err != nil {
		return err
	}
	socket, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	properties := &vault.HandlerProperties{Core: core, ListenerConfig: &configutil.Listener{}}
	server := &http.Server{Handler: vaulthttp.Handler.Handler(properties), ReadHeaderTimeout: 10 * time.Second}
	end, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(end, func() { _ = server.Close() })
	if err := server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return core.Shutdown()
}

// open makes a core with the engines that the tests use, and no other.
func open(log hclog.Logger) (*vault.Core, error) {
	storage, err := inmem.NewInmem(nil, log)
	if err != nil {
		return nil, err
	}
	engines := map[string]logical.Factory{"kv": kv.Factory}
	return vault.NewCore(&vault.CoreConfig{
		Physical: storage, Logger: log, DisableMlock: true,
		LogicalBackends: engines,
		AuditBackends:   map[string]audit.Factory{"file": audit.NewFileBackend},
		BuiltinRegistry: builtin{
			secrets: engines,
			logins: map[string]logical.Factory{
				"approle": approle.Factory, "userpass": userpass.Factory, "jwt": jwt.Factory, "kubernetes": kubernetes.Factory,
			},
		},
	})
}

// prepare unseals the core, gives it the root token and a KV v2 engine at secret/.
func prepare(core *vault.Core, token string) error {
	ctx := namespace.RootContext(context.Background())
	made, err := core.Initialize(ctx, &vault.InitParams{BarrierConfig: &vault.SealConfig{SecretShares: 1, SecretThreshold: 1}})
	if err != nil {
		return fmt.Errorf("initialize: %w", err)
	}
	if open, err := core.Unseal(made.SecretShares[0]); err != nil || !open {
		return fmt.Errorf("unseal: %w", err)
	}
	steps := []struct {
		path string
		data map[string]any
	}{
		{"auth/token/create", map[string]any{"id": token, "policies": []string{"root"}, "no_parent": true}},
		{"sys/mounts/secret", map[string]any{"type": "kv", "options": map[string]string{"version": "2"}}},
	}
	for _, step := range steps {
		request := &logical.Request{ID: step.path, Operation: logical.UpdateOperation, Path: step.path, ClientToken: made.RootToken, Data: step.data}
		if answer, err := core.HandleRequest(ctx, request); err != nil || answer.IsError() {
			return fmt.Errorf("%s: %w (%v)", step.path, err, answer)
		}
	}
	return nil
}
