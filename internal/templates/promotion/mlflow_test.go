package promotion

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitops-ml/terraform-provider-mlops/internal/realtools"
)

// TestMLflow runs the programs against a real server that asks for a user and a password: promotions at
// the same time, and registrations at a server that dies.
func TestMLflow(t *testing.T) {
	t.Parallel()
	folder, err := filepath.Abs("testdata/server")
	if err != nil {
		t.Fatal(err)
	}
	for script, said := range map[string]string{"at_once": "all scenes played", "dying": "each the last one once"} {
		t.Run(script, func(t *testing.T) {
			address, user, password := realtools.MLflowAuth(t)
			env := []string{
				"PYTHONDONTWRITEBYTECODE=1", "MLFLOW_TRACKING_URI=" + address,
				"MLFLOW_TRACKING_USERNAME=" + user, "MLFLOW_TRACKING_PASSWORD=" + password,
			}
			res := realtools.Run(t, "mlflow programs", t.TempDir(), env, realtools.Python(t, "train"), filepath.Join(folder, script+".py"))
			res.Accept(t, script)
			if !strings.Contains(res.Out, said) {
				t.Errorf("it did not come to its end:\n%s", res.Out)
			}
			if strings.Contains(res.Out, password) {
				t.Error("the password is in what the programs say")
			}
			t.Log(res.Out)
		})
	}
}
