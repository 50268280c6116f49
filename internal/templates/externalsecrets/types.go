package externalsecrets

const apiVersion = "external-secrets.io/v1"

// The part of external-secrets.io/v1 this package writes, in output order.
type (
	metadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	secretStore struct {
		APIVersion string    `yaml:"apiVersion"`
		Kind       string    `yaml:"kind"`
		Metadata   metadata  `yaml:"metadata"`
		Spec       storeSpec `yaml:"spec"`
	}
	storeSpec struct {
		Provider provider `yaml:"provider"`
	}
	provider struct {
		Vault  *vault  `yaml:"vault,omitempty"`
		AWS    *aws    `yaml:"aws,omitempty"`
		Google *google `yaml:"gcpsm,omitempty"`
		Azure  *azure  `yaml:"azurekv,omitempty"`
	}
	serviceAccount struct {
		Name      string   `yaml:"name"`
		Audiences []string `yaml:"audiences,omitempty"`
	}
	vault struct {
		Server    string    `yaml:"server"`
		Path      string    `yaml:"path"`
		Version   string    `yaml:"version"`
		Namespace string    `yaml:"namespace,omitempty"`
		Auth      vaultAuth `yaml:"auth"`
	}
	vaultAuth struct {
		Kubernetes vaultKubernetes `yaml:"kubernetes"`
	}
	vaultKubernetes struct {
		MountPath string          `yaml:"mountPath"`
		Role      string          `yaml:"role"`
		Account   *serviceAccount `yaml:"serviceAccountRef"`
	}
	aws struct {
		Service string   `yaml:"service"`
		Region  string   `yaml:"region"`
		Auth    *awsAuth `yaml:"auth,omitempty"`
	}
	awsAuth struct {
		Token awsToken `yaml:"jwt"`
	}
	awsToken struct {
		Account *serviceAccount `yaml:"serviceAccountRef"`
	}
	google struct {
		ProjectID string      `yaml:"projectID"`
		Versions  string      `yaml:"secretVersionSelectionPolicy"`
		Auth      *googleAuth `yaml:"auth,omitempty"`
	}
	googleAuth struct {
		WorkloadIdentity workloadIdentity `yaml:"workloadIdentity"`
	}
	workloadIdentity struct {
		Account *serviceAccount `yaml:"serviceAccountRef"`
	}
	azure struct {
		VaultURL    string          `yaml:"vaultUrl"`
		TenantID    string          `yaml:"tenantId,omitempty"`
		AuthType    string          `yaml:"authType"`
		Account     *serviceAccount `yaml:"serviceAccountRef,omitempty"`
		Environment string          `yaml:"environmentType"`
		SDK         bool            `yaml:"useAzureSDK"`
	}
	externalSecret struct {
		APIVersion string             `yaml:"apiVersion"`
		Kind       string             `yaml:"kind"`
		Metadata   metadata           `yaml:"metadata"`
		Spec       externalSecretSpec `yaml:"spec"`
	}
	externalSecretSpec struct {
		RefreshInterval string     `yaml:"refreshInterval"`
		RefreshPolicy   string     `yaml:"refreshPolicy"`
		Store           storeRef   `yaml:"secretStoreRef"`
		Target          target     `yaml:"target"`
		DataFrom        []dataFrom `yaml:"dataFrom"`
	}
	storeRef struct {
		Kind string `yaml:"kind"`
		Name string `yaml:"name"`
	}
	target struct {
		Name           string `yaml:"name"`
		CreationPolicy string `yaml:"creationPolicy"`
		DeletionPolicy string `yaml:"deletionPolicy"`
	}
	dataFrom struct {
		Extract extract `yaml:"extract"`
	}
	extract struct {
		Key                string `yaml:"key"`
		ConversionStrategy string `yaml:"conversionStrategy"`
		DecodingStrategy   string `yaml:"decodingStrategy"`
		MetadataPolicy     string `yaml:"metadataPolicy"`
	}
)
