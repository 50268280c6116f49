package google

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/api/googleapi"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

const howToLogIn = "log in with `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS to a credential file, or set credentials in the provider's google block"

// quotaName is how messages name the quota that is used up: resource "NVIDIA_T4_GPUS", or
// Quota 'GPUS_ALL_REGIONS' exceeded.
var quotaName = pattern.New(`(?i)(?:resource|quota)(?: metric)? ["']([A-Za-z0-9_./-]+)["']`)

// quotaOver is how messages say that a quota is used up. Others speak of the quota project.
var quotaOver = pattern.New(`(?i)(insufficient|exceed)[^.]*quota|quota[^.]*(exceed|insufficient)`)

// forbids is how messages speak of a policy of the organisation. Cloud Storage answers so with
// the code of a lost race, which no second try wins.
var forbids = pattern.New(`violates constraint|permitted customer|prohibited by organization's policy|constraints/[a-z]+\.`)

// actsAs is how GKE says that the caller may not use the service account of the nodes. It
// calls that a bad request.
var actsAs = pattern.New(`does not have access to service account|iam\.serviceAccounts\.actAs`)

// disabled is the reason of an answer where nobody has enabled the API.
const disabled = "SERVICE_DISABLED"

// errForbidden is the ErrDenied of somebody who is known, and may not.
var errForbidden = fmt.Errorf("%w: needs permission", cloud.ErrDenied)

// failure translates an answer of Google Cloud. permission is what the request needs.
func failure(err error, permission string) error {
	var answer *googleapi.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &answer):
		return unanswered(err)
	}
	says := message(answer)
	if forbids.MatchString(says) && answer.Code < http.StatusInternalServerError {
		return prohibited(answer.Code, says)
	}
	if actsAs.MatchString(says) && (answer.Code == http.StatusBadRequest || answer.Code == http.StatusForbidden) {
		return fmt.Errorf("%w iam.serviceAccounts.actAs on the service account of the nodes: %s; roles/iam.serviceAccountUser has it", errForbidden, says)
	}
	switch answer.Code {
	case http.StatusUnauthorized:
		return fmt.Errorf("%w: Google Cloud refuses the credentials: %s; %s", cloud.ErrDenied, says, howToLogIn)
	case http.StatusForbidden:
		return forbidden(err, permission, says)
	case http.StatusNotFound:
		return fmt.Errorf("%w: %s", cloud.ErrNotFound, says)
	case http.StatusConflict, http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %s", cloud.ErrConflict, says)
	case http.StatusTooManyRequests:
		return fmt.Errorf("google Cloud still throttles after %d tries: %s; apply again later", tries, says)
	}
	return fmt.Errorf("google Cloud answers %d: %s", answer.Code, says)
}

// prohibited is what no permission helps with.
func prohibited(code int, says string) error {
	err := fmt.Errorf("a policy of the organisation does not allow it: %s; choose what the policy allows, or have it changed", says)
	if code == http.StatusForbidden {
		return fmt.Errorf("%w: %w", cloud.ErrDenied, err)
	}
	return err
}

// forbidden tells the missing permission from what else is answered so.
func forbidden(err error, permission, says string) error {
	if quota := exhausted(says); quota != "" {
		return fmt.Errorf("%s is used up: %s; ask for more, or choose another region or machine", quota, says)
	}
	switch {
	case reasonOf(err) == disabled:
		return fmt.Errorf("%w: an API of Google Cloud is not enabled, or not yet: %s; `gcloud services enable` does it", cloud.ErrDenied, says)
	case strings.Contains(says, "Cloud KMS key"):
		return fmt.Errorf("%w cloudkms.cryptoKeyVersions.useToEncrypt on the key: %s; grant roles/cloudkms.cryptoKeyEncrypterDecrypter to the service agent of Cloud Storage, which `gcloud storage service-agent` names", errForbidden, says)
	}
	return fmt.Errorf("%w %s: %s", errForbidden, permission, says)
}

// unanswered is an error that no answer came with. Those of getting a token say so in words
// only.
func unanswered(err error) error {
	if errors.Is(err, cloud.ErrDenied) {
		return err // translated already
	}
	text := err.Error()
	for _, sign := range []string{"credentials:", "oauth2:", "auth:", "cannot fetch token"} {
		if strings.Contains(text, sign) {
			return fmt.Errorf("%w: the credentials of Google Cloud give no token: %w; %s", cloud.ErrDenied, err, howToLogIn)
		}
	}
	return err
}

// message is the cloud's own, without the details, which repeat the request.
func message(answer *googleapi.Error) string {
	if answer.Message != "" {
		return answer.Message
	}
	if text := strings.TrimSpace(answer.Body); text != "" && len(text) <= 300 {
		return text
	}
	return http.StatusText(answer.Code)
}

// exhausted names the quota that a message calls used up, or is "".
func exhausted(says string) string {
	if !quotaOver.MatchString(says) {
		return ""
	}
	if name := quotaName.FindStringSubmatch(says); name != nil {
		return "quota " + name[1]
	}
	return "a quota"
}

// status is the code of an answer, 0 when there was none.
func status(err error) int {
	var answer *googleapi.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

// messageOf is the cloud's own message of an error.
func messageOf(err error) string {
	var answer *googleapi.Error
	if errors.As(err, &answer) {
		return message(answer)
	}
	return err.Error()
}

// reasonOf is the reason in the details of an answer, such as SERVICE_DISABLED.
func reasonOf(err error) string {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		return ""
	}
	for _, detail := range answer.Details {
		if info, ok := detail.(map[string]any); ok {
			if reason, ok := info["reason"].(string); ok {
				return reason
			}
		}
	}
	return ""
}
