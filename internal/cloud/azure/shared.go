package azure

// Shared are the settings of the storage account, which all buckets of a platform have
// together: an account has one of each.
func (buckets) Shared() (of string, names []string) {
	return "account", []string{"encryption", "deleteRetentionPolicy", "containerDeleteRetentionPolicy"}
}
