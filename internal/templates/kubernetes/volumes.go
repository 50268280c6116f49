package kubernetes

import (
	"slices"
	"strconv"

	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// size is what a volume and its claim agree on. Neither a folder of a node nor a bucket
// has a size; the claim of a cluster without a cloud gets what it asks for.
const size = "10Gi"

// volumes binds each bucket to a claim of its name in every namespace that uses it. On
// "local" a volume is one folder of the node, on a cloud the bucket, mounted by the
// cloud's own driver with the pod's own identity: a volume can be claimed only once, so
// there is one for each claim. In a cluster without a cloud its default storage class
// makes the volumes.
// Sources: the examples of static provisioning and the parameters of
// mountpoint-s3-csi-driver v2, gcs-fuse-csi-driver and blob-csi-driver v1.24.
func (w *writer) volumes() []any {
	var out []any
	for _, namespace := range w.workloads() {
		for _, b := range w.p.Buckets {
			if !w.uses(namespace, b) {
				continue
			}
			claim, _ := w.p.Claim(b.Name)
			wanted := claimSpec{AccessModes: []string{"ReadWriteMany"}, Resources: claimResources{storageAmount{size}}}
			if w.p.Platform.Cloud != "kubernetes" {
				none := ""
				wanted.StorageClass, wanted.VolumeName = &none, namespace+"-"+b.Name
				out = append(out, w.volume(namespace, claim, b))
			}
			out = append(out, volumeClaim{APIVersion: "v1", Kind: "PersistentVolumeClaim", Metadata: w.metadata(claim, namespace), Spec: wanted})
		}
	}
	return out
}

func (w *writer) volume(namespace, claim string, b *spec.Bucket) persistentVolume {
	m := w.metadata(b.Name, "") // the name of the volume is too long for a label
	m.Name = namespace + "-" + b.Name
	v := volumeSpec{
		Capacity: storageAmount{size}, AccessModes: []string{"ReadWriteMany"}, Reclaim: "Retain",
		Claim: claimRef{Namespace: namespace, Name: claim},
	}
	user := strconv.Itoa(spec.PodUser)
	name := b.Name
	if b.Existing != "" {
		name = b.Existing
	}
	switch w.p.Platform.Cloud {
	case "aws":
		v.Options = []string{"allow-other", "allow-overwrite", "uid=" + user, "gid=" + user, "region " + w.p.Platform.Region}
		v.CSI = &csiVolume{Driver: "s3.csi.aws.com", Handle: m.Name, Attributes: map[string]string{"bucketName": name, "authenticationSource": "pod"}}
	case "google":
		v.Options = []string{"implicit-dirs", "uid=" + user, "gid=" + user, "file-mode=664", "dir-mode=775"}
		v.CSI = &csiVolume{Driver: "gcsfuse.csi.storage.gke.io", Handle: name}
	case "azure":
		v.Options = []string{"-o allow_other", "-o uid=" + user, "-o gid=" + user, "-o umask=002", "--file-cache-timeout-in-seconds=120"}
		v.CSI = w.blob(m.Name, namespace, name, b)
	default:
		v.HostPath = &hostPath{Path: w.hostFolder() + "/" + b.Name, Type: "DirectoryOrCreate"}
	}
	return persistentVolume{APIVersion: "v1", Kind: "PersistentVolume", Metadata: m, Spec: v}
}

// blob mounts a container with the identity of its namespace that may use it, since the
// account takes no keys. Without one the node's identity is asked.
func (w *writer) blob(handle, namespace, container string, b *spec.Bucket) *csiVolume {
	attributes := map[string]string{"protocol": "fuse2", "storageAccount": spec.StorageAccount(string(b.Platform)), "containerName": container}
	client := w.client(namespace, b)
	if client == "" {
		attributes["AzureStorageAuthType"] = "MSI"
	} else {
		attributes["clientID"], attributes["mountWithWorkloadIdentityToken"] = client, "true"
	}
	return &csiVolume{Driver: "blob.csi.azure.com", Handle: handle, Attributes: attributes}
}

// client is the client id of the first identity of a namespace that may use a bucket.
func (w *writer) client(namespace string, b *spec.Bucket) string {
	for _, i := range w.p.Identities {
		if i.Subject == nil || i.Subject.Kubernetes == nil || i.Subject.Kubernetes.Namespace != namespace {
			continue
		}
		if slices.ContainsFunc(i.Grants, func(g spec.Grant) bool { return string(g.Bucket) == b.Name }) {
			return i.Annotations("azure")["azure.workload.identity/client-id"]
		}
	}
	return ""
}

// mounting is the comment above the volumes.
func (w *writer) mounting() []string {
	switch w.p.Platform.Cloud {
	case "local":
		return []string{"The volumes of one bucket are one folder of the node. Nothing holds it to the size that stands here."}
	case "aws":
		return []string{"The volumes are the buckets, mounted by Mountpoint for Amazon S3 (add-on aws-mountpoint-s3-csi-driver, v2)", "with the identity of each pod. Files are written once, in one go: nothing is renamed or appended to."}
	case "google":
		return []string{"The volumes are the buckets, mounted by the Cloud Storage FUSE driver of GKE with the identity of each pod."}
	case "azure":
		return []string{"The volumes are containers of the platform's storage account, mounted by the Blob driver of AKS."}
	}
	return []string{"The default storage class of the cluster makes the volumes: it must be able to share them (ReadWriteMany)."}
}

// The part of v1 that this file writes, in output order.
type (
	persistentVolume struct {
		APIVersion string     `yaml:"apiVersion"`
		Kind       string     `yaml:"kind"`
		Metadata   metadata   `yaml:"metadata"`
		Spec       volumeSpec `yaml:"spec"`
	}
	volumeSpec struct {
		Capacity    storageAmount `yaml:"capacity"`
		AccessModes []string      `yaml:"accessModes"`
		Reclaim     string        `yaml:"persistentVolumeReclaimPolicy"`
		Claim       claimRef      `yaml:"claimRef"`
		Options     []string      `yaml:"mountOptions,omitempty"`
		HostPath    *hostPath     `yaml:"hostPath,omitempty"`
		CSI         *csiVolume    `yaml:"csi,omitempty"`
	}
	csiVolume struct {
		Driver     string            `yaml:"driver"`
		Handle     string            `yaml:"volumeHandle"`
		Attributes map[string]string `yaml:"volumeAttributes,omitempty"`
	}
	storageAmount struct {
		Storage string `yaml:"storage"`
	}
	claimRef struct {
		Namespace string `yaml:"namespace"`
		Name      string `yaml:"name"`
	}
	hostPath struct {
		Path string `yaml:"path"`
		Type string `yaml:"type"`
	}
	volumeClaim struct {
		APIVersion string    `yaml:"apiVersion"`
		Kind       string    `yaml:"kind"`
		Metadata   metadata  `yaml:"metadata"`
		Spec       claimSpec `yaml:"spec"`
	}
	claimSpec struct {
		AccessModes  []string       `yaml:"accessModes"`
		StorageClass *string        `yaml:"storageClassName,omitempty"`
		VolumeName   string         `yaml:"volumeName,omitempty"`
		Resources    claimResources `yaml:"resources"`
	}
	claimResources struct {
		Requests storageAmount `yaml:"requests"`
	}
)
