{{/* What containers of the restricted Pod Security Standard look like, and pods. */}}
{{- define "whmcs-exporter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "whmcs-exporter.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* The pod of the Deployment and of the StatefulSet. */}}
{{- define "whmcs-exporter.pod" -}}
metadata:
  annotations:
    # A changed configuration rolls the pods.
    checksum/config: {{ .Values.config | toYaml | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- include "whmcs-exporter.selector" . | nindent 4 }}
spec:
  serviceAccountName: {{ include "whmcs-exporter.serviceAccount" . | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  # It leaves within 5 s of SIGTERM.
  terminationGracePeriodSeconds: 10
  securityContext:
    {{- include "whmcs-exporter.podSecurity" . | nindent 4 }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "whmcs-exporter.selector" $ | nindent 10 }}
    {{- end }}
  containers:
    - name: whmcs-exporter
      image: {{ include "whmcs-exporter.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - --config.file=/etc/whmcs-exporter/whmcs.yml
        {{- if gt (int .Values.shards) 1 }}
        - --total-shards={{ .Values.shards }}
        - --shard=$(POD_NAME)
        {{- end }}
        {{- with .Values.args }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if gt (int .Values.shards) 1 }}
      env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
      {{- end }}
      ports:
        - name: metrics
          containerPort: 9942
      securityContext:
        {{- include "whmcs-exporter.containerSecurity" . | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      startupProbe:
        httpGet: {path: /-/healthy, port: metrics}
        periodSeconds: 1
        failureThreshold: 30
      livenessProbe:
        httpGet: {path: /-/healthy, port: metrics}
        timeoutSeconds: 5
      readinessProbe:
        httpGet: {path: /-/ready, port: metrics}
        timeoutSeconds: 5
      volumeMounts:
        - name: configuration
          mountPath: /etc/whmcs-exporter
          readOnly: true
        {{- range $index, $name := .Values.existingSecrets }}
        - name: secret-{{ $index }}
          mountPath: {{ printf "/run/secrets/whmcs-exporter/%s" $name | quote }}
          readOnly: true
        {{- end }}
  volumes:
    - name: configuration
      configMap:
        name: {{ include "whmcs-exporter.fullname" . | quote }}
    {{- range $index, $name := .Values.existingSecrets }}
    - name: secret-{{ $index }}
      secret:
        secretName: {{ $name | quote }}
        defaultMode: 0440
    {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
{{- end }}
