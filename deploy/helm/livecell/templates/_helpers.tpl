{{- define "livecell.name" -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- end -}}

{{- define "livecell.labels" -}}
app.kubernetes.io/name: livecell
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "livecell.selector" -}}
app.kubernetes.io/name: livecell
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "livecell.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "livecell.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "livecell.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "livecell.env" -}}
- name: AUTH_URL
  value: {{ printf "https://%s" (required "host: give the public name of the site, such as --set host=livecell.example.org" .Values.host) | quote }}
- name: LIVECELL_DATA
  value: /data
- name: TRUSTED_PROXIES
  value: {{ .Values.trustedProxies | quote }}
- name: METRICS_PORT
  value: "9464"
- name: METRICS_HOST
  value: "0.0.0.0"
{{- with .Values.s3 }}
{{- if .bucket }}
- name: S3_BUCKET
  value: {{ .bucket | quote }}
- name: S3_REGION
  value: {{ .region | quote }}
{{- with .endpoint }}
- name: S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "livecell.envFrom" -}}
- secretRef:
    name: {{ required "secret: give the name of a Secret with DATABASE_URL, AUTH_SECRET and METRICS_TOKEN" .Values.secret }}
{{- end -}}

{{- define "livecell.volumes" -}}
- name: data
  {{- if .Values.s3.bucket }}
  emptyDir:
    sizeLimit: {{ .Values.s3.cacheSize }}
  {{- else }}
  persistentVolumeClaim:
    claimName: {{ .Values.data.existingClaim | default (printf "%s-data" (include "livecell.name" .)) }}
  {{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 4Gi
{{- end -}}

{{- define "livecell.mounts" -}}
- name: data
  mountPath: /data
- name: tmp
  mountPath: /tmp
{{- end -}}
