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
	switch answer.Code {
	case http.StatusUnauthorized:
		return fmt.Errorf("%w: Google Cloud refuses the credentials: %s; %s", cloud.ErrDenied, says, howToLogIn)
	case http.StatusForbidden:
		if quota := exhausted(says); quota != "" {
			return fmt.Errorf("%s is used up: %s; ask for more, or choose another region or machine", quota, says)
		}
		return fmt.Errorf("%w %s: %s", errForbidden, permission, says)
	case http.StatusNotFound:
		return fmt.Errorf("%w: %s", cloud.ErrNotFound, says)
	case http.StatusConflict, http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %s", cloud.ErrConflict, says)
	case http.StatusTooManyRequests:
		return fmt.Errorf("google Cloud still throttles after %d tries: %s; apply again later", tries, says)
	}
	return fmt.Errorf("google Cloud answers %d: %s", answer.Code, says)
}

// unanswered is an error that no answer came with. Those of getting a token say so in words
// only.
func unanswered(err error) error {
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
