package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
	"github.com/gitops-ml/terraform-provider-mlops/internal/pattern"
)

// failure is an error of the cloud in the words of package cloud. Its text leaves out
// what the SDK adds around the cloud's message.
type failure struct {
	text  string
	kind  error // nil when package cloud has no word for it
	cause error
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() []error {
	if f.kind == nil {
		return []error{f.cause}
	}
	return []error{f.kind, f.cause}
}

// The codes of errors, by what they mean. Sources: the lists of common errors of each
// service and the types of the SDK.
var (
	credentialCodes = []string{
		"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
		"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "InvalidToken", "AuthFailure", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
		"RequestTimeTooSkewed", "InvalidIdentityToken", "NotSignedUp",
	}
	deniedCodes   = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AllAccessDisabled", "Forbidden"}
	notFoundCodes = []string{"NoSuchBucket", "NotFound", "NoSuchEntity", "NoSuchEntityException", "ResourceNotFoundException", "NotFoundException"}
	existsCodes   = []string{"BucketAlreadyExists", "BucketAlreadyOwnedByYou", "EntityAlreadyExists", "EntityAlreadyExistsException"}
	emptyCodes    = []string{"BucketNotEmpty", "DeleteConflict", "DeleteConflictException"}
	quotaCodes    = []string{"LimitExceeded", "LimitExceededException", "TooManyBuckets", "ServiceQuotaExceededException", "ResourceLimitExceededException", "ServiceLimitExceeded"}
)

// translate puts an error of a request about an object, such as `bucket "artifacts"`,
// into the words of package cloud. The cloud's own message stays.
func translate(object string, err error) error {
	var translated *failure
	if err == nil || errors.As(err, &translated) {
		return err
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return fmt.Errorf("%s: %w", object, err)
	}
	code := api.ErrorCode()
	says, kind := meaning(code, operationOf(err), statusOf(err))
	text := object + ": "
	if says != "" {
		text += says + ": "
	}
	if errors.Is(kind, cloud.ErrDenied) && !slices.Contains(credentialCodes, code) {
		text += "needs permission " + permission(err, api.ErrorMessage()) + ": "
	}
	return &failure{text: text + said(code, api.ErrorMessage(), err), kind: kind, cause: err}
}

const renew = "the credentials are missing, expired or not valid: renew them (aws sso login, aws configure, or the role of the machine)"

// meaning sorts a code into the errors of package cloud, with what to say of it.
func meaning(code, operation string, status int) (says string, kind error) {
	in := func(codes []string) bool { return slices.Contains(codes, code) }
	switch {
	case in(credentialCodes):
		return cloud.ErrDenied.Error() + ": " + renew, cloud.ErrDenied
	case in(quotaCodes):
		return "a quota of the account is used up: ask for more in Service Quotas, or remove what is not needed", nil
	case code == "InvalidTargetBucketForLogging", code == "CrossLocationLoggingProhibitted":
		return "the bucket of access_logs must be there, in the same region and account, and its policy must let the service logging.s3.amazonaws.com do s3:PutObject below the prefix", nil
	case in(existsCodes), code == "ResourceInUseException" && strings.HasPrefix(operation, "Create"):
		return cloud.ErrExists.Error(), cloud.ErrExists
	case in(emptyCodes):
		return cloud.ErrNotEmpty.Error(), cloud.ErrNotEmpty
	case in(busy), code == "ResourceInUseException":
		return cloud.ErrConflict.Error(), cloud.ErrConflict
	case in(notFoundCodes):
		return cloud.ErrNotFound.Error(), cloud.ErrNotFound
	case in(deniedCodes), status == http.StatusForbidden, status == http.StatusUnauthorized:
		return cloud.ErrDenied.Error(), cloud.ErrDenied
	}
	return "", nil
}

// said is the cloud's own message with its code and the number of the request, which
// AWS's support asks for.
func said(code, message string, err error) string {
	out := code
	if message != "" && message != code {
		out += ": " + message
	}
	if number := requestOf(err); number != "" {
		out += " (request " + number + ")"
	}
	return out
}

// unusable is the error of credentials or a configuration that cannot be loaded.
func unusable(ctx context.Context, says string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &failure{text: fmt.Sprintf("%v: %s: %v", cloud.ErrDenied, says, err), kind: cloud.ErrDenied, cause: err}
}

// unloaded is the error of credentials that cannot be had. A role that may not be taken is
// no matter of renewing them, nor is a service that does not answer.
func unloaded(ctx context.Context, err error) error {
	var operation *smithy.OperationError
	if ctx.Err() != nil || !errors.As(err, &operation) || operation.ServiceID != sts.ServiceID {
		return unusable(ctx, renew, err)
	}
	out := translate("the role that the credentials are to take", err)
	if errors.Is(out, cloud.ErrDenied) {
		return fmt.Errorf("%w: the trust policy of the role must name these credentials, too", out)
	}
	return out
}

// unsure reports whether a request may have been taken although it failed: nobody answered,
// or nobody who knew.
func unsure(err error) bool {
	var unanswered *smithyhttp.RequestSendError
	return errors.As(err, &unanswered) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || statusOf(err) >= http.StatusInternalServerError
}

// isCode reports whether an error of the cloud has one of the codes.
func isCode(err error, codes ...string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
}

func operationOf(err error) string {
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		return operation.OperationName
	}
	return ""
}

func statusOf(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) && answer.ResponseError != nil && answer.Response != nil {
		return answer.HTTPStatusCode()
	}
	return 0
}

func requestOf(err error) string {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.RequestID
	}
	return ""
}

// asked finds the action in what IAM says of a refusal: one request may need several.
var asked = pattern.New(`not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)`)

// permission names the action that a refused request needs.
func permission(err error, message string) string {
	if found := asked.FindStringSubmatch(message); found != nil {
		return found[1]
	}
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return "(the cloud does not say which)"
	}
	if names, other := actions[operation.ServiceID+" "+operation.OperationName]; other {
		return names
	}
	return strings.ToLower(strings.ReplaceAll(operation.ServiceID, " ", "")) + ":" + operation.OperationName
}

// actions are those that are not called as the operation is. Source: the service
// authorization reference, Amazon S3 and Amazon EKS.
var actions = map[string]string{
	"S3 PutPublicAccessBlock":            "s3:PutBucketPublicAccessBlock",
	"S3 GetPublicAccessBlock":            "s3:GetBucketPublicAccessBlock",
	"S3 PutBucketEncryption":             "s3:PutEncryptionConfiguration",
	"S3 GetBucketEncryption":             "s3:GetEncryptionConfiguration",
	"S3 PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
	"S3 GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
	"S3 CreateBucket":                    "s3:CreateBucket (and s3:PutBucketOwnershipControls, s3:TagResource)",
	"S3 HeadBucket":                      "s3:ListBucket",
	"S3 ListObjectsV2":                   "s3:ListBucket",
	"S3 ListObjectVersions":              "s3:ListBucketVersions",
	"S3 ListMultipartUploads":            "s3:ListBucketMultipartUploads",
	"S3 DeleteObjects":                   "s3:DeleteObjectVersion (and s3:DeleteObject)",
	"IAM CreateRole":                     "iam:CreateRole (and iam:TagRole)",
	"EKS CreatePodIdentityAssociation":   "eks:CreatePodIdentityAssociation (and eks:TagResource, iam:PassRole, iam:GetRole)",
	"EKS UpdatePodIdentityAssociation":   "eks:UpdatePodIdentityAssociation (and iam:PassRole, iam:GetRole)",
	"EKS CreateNodegroup":                "eks:CreateNodegroup (and eks:TagResource, iam:PassRole)",
}
