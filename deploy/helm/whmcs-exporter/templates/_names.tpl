{{- define "whmcs-exporter.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 58 | trimSuffix "-" -}}
{{- end }}

{{/* 52 characters at most: a pod of the StatefulSet adds its number, a revision its hash. */}}
{{- define "whmcs-exporter.fullname" -}}
{{- $name := include "whmcs-exporter.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $full | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "whmcs-exporter.serviceAccount" -}}
{{- $own := .Values.serviceAccount.create | ternary (include "whmcs-exporter.fullname" .) "default" -}}
{{- .Values.serviceAccount.name | default $own -}}
{{- end }}

{{- define "whmcs-exporter.selector" -}}
app.kubernetes.io/name: {{ include "whmcs-exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "whmcs-exporter.labels" -}}
{{ include "whmcs-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The labels of the Prometheus Operator's objects, by which a Prometheus chooses them. */}}
{{- define "whmcs-exporter.monitoringLabels" -}}
{{ include "whmcs-exporter.labels" . }}
{{- with .Values.monitoring.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "whmcs-exporter.image" -}}
{{- with .Values.image -}}
{{- .digest | empty | ternary (printf "%s:%s" .repository (.tag | default $.Chart.AppVersion)) (printf "%s@%s" .repository .digest) -}}
{{- end -}}
{{- end }}
