package awsfake

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (a *Account) listVersions(w http.ResponseWriter, req *http.Request, b *Bucket) {
	from, _ := strconv.Atoi(req.URL.Query().Get("version-id-marker"))
	all := b.Versions
	if from > len(all) {
		from = 0 // what was before is gone
	}
	page := all[from:min(len(all), from+a.Page)]
	out := "<ListVersionsResult>"
	for _, v := range page {
		kind := "Version"
		if v.Marker {
			kind = "DeleteMarker"
		}
		out += "<" + kind + "><Key>" + escape(v.Key) + "</Key><VersionId>" + v.ID + "</VersionId></" + kind + ">"
	}
	if len(all) > len(page)+from {
		// The driver deletes each page before it asks for the next: the rest is at the start again.
		out += "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>0</NextVersionIdMarker>"
	}
	_, _ = w.Write([]byte(out + "</ListVersionsResult>"))
}

func (a *Account) listUploads(w http.ResponseWriter, _ *http.Request, b *Bucket) {
	page := b.Uploads[:min(len(b.Uploads), a.Page)]
	out := "<ListMultipartUploadsResult>"
	for _, id := range page {
		out += "<Upload><Key>k</Key><UploadId>" + id + "</UploadId></Upload>"
	}
	if len(b.Uploads) > len(page) {
		out += "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>" + page[len(page)-1] + "</NextUploadIdMarker>"
	}
	_, _ = w.Write([]byte(out + "</ListMultipartUploadsResult>"))
}

func deleteObjects(w http.ResponseWriter, b *Bucket, body []byte) *fault {
	var in struct {
		Object []struct{ Key, VersionId string } //nolint:revive // S3's own name
	}
	if err := xml.Unmarshal(body, &in); err != nil || len(in.Object) == 0 || len(in.Object) > 1000 {
		return &fault{status: 400, code: "MalformedXML", message: "1 to 1000 objects"}
	}
	out := "<DeleteResult>"
	for _, o := range in.Object {
		if strings.HasPrefix(o.Key, "locked/") {
			out += "<Error><Key>" + escape(o.Key) + "</Key><VersionId>" + o.VersionId + "</VersionId><Code>AccessDenied</Code><Message>Access Denied because object protected by object lock.</Message></Error>"
			continue
		}
		if b.Slow > 0 {
			b.Slow--
			out += "<Error><Key>" + escape(o.Key) + "</Key><VersionId>" + o.VersionId + "</VersionId><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>"
			continue
		}
		b.Versions = slices.DeleteFunc(b.Versions, func(v Version) bool { return v.Key == o.Key && v.ID == o.VersionId })
	}
	_, _ = w.Write([]byte(out + "</DeleteResult>"))
	return nil
}
