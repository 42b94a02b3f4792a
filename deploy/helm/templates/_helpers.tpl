{{- define "reconciler.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "reconciler.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "reconciler.labels" -}}
{{ include "reconciler.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "reconciler.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (ternary (include "reconciler.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "reconciler.image" -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}

{{/* The name of a key of a ConfigMap, which has no slash. */}}
{{- define "reconciler.key" -}}
{{ . | replace "_" "_u" | replace "/" "_s" }}
{{- end }}

{{- define "reconciler.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end }}

{{/* The pod of the daemon and of the job: everything but its command, probes and restart policy. */}}
{{- define "reconciler.pod" -}}
serviceAccountName: {{ include "reconciler.serviceAccount" . }}
automountServiceAccountToken: {{ gt (len .Values.pointers) 0 }}
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.desiredState.archive }}
initContainers:
  - name: unpack
    image: {{ include "reconciler.image" . }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    command: ["python", "-m", "tarfile", "--filter", "data", "--extract", "/archive/desired-state.tar.gz", "{{ .Values.desiredState.path }}"]
    resources:
      {{- toYaml .Values.resources | nindent 6 }}
    securityContext:
      {{- include "reconciler.containerSecurity" . | nindent 6 }}
    volumeMounts:
      - name: archive
        mountPath: /archive
        readOnly: true
      - name: desired-state
        mountPath: {{ .Values.desiredState.path }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- if .Values.desiredState.archive }}
  - name: archive
    configMap:
      name: {{ .Values.desiredState.archive }}
  - name: desired-state
    emptyDir: {}
  {{- else if .Values.desiredState.files }}
  - name: desired-state
    configMap:
      name: {{ include "reconciler.name" . }}
      items:
        {{- range $path, $_ := .Values.desiredState.files }}
        - key: {{ include "reconciler.key" $path }}
          path: {{ $path }}
        {{- end }}
  {{- end }}
  {{- range $number, $map := .Values.desiredState.configMaps }}
  - name: config-map-{{ $number }}
    configMap:
      name: {{ $map.name }}
  {{- end }}
{{- end }}

{{/* The members that the container of the daemon and that of the job share. */}}
{{- define "reconciler.container" -}}
name: reconciler
image: {{ include "reconciler.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: RECONCILER_STACK
    value: {{ .Values.stack | quote }}
  - name: RECONCILER_DESIRED_STATE
    value: {{ .Values.desiredState.path | quote }}
  {{- if not (hasKey .Values.settings "log_format") }}
  - name: RECONCILER_LOG_FORMAT
    value: json
  {{- end }}
  {{- range $name, $value := .Values.settings }}
  - name: RECONCILER_{{ upper $name }}
    value: {{ $value | toString | quote }}
  {{- end }}
  {{- if .Values.apiTokenSecret }}
  - name: RECONCILER_API_TOKEN
    valueFrom:
      secretKeyRef:
        name: {{ .Values.apiTokenSecret }}
        key: token
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- include "reconciler.containerSecurity" . | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if or .Values.desiredState.archive .Values.desiredState.files }}
  - name: desired-state
    mountPath: {{ .Values.desiredState.path }}
    readOnly: true
  {{- end }}
  {{- range $number, $map := .Values.desiredState.configMaps }}
  - name: config-map-{{ $number }}
    mountPath: {{ $.Values.desiredState.path }}/{{ $map.path }}
    readOnly: true
  {{- end }}
{{- end }}

{{/* A new ConfigMap is read by the running daemon; an archive is unpacked by new pods alone. */}}
{{- define "reconciler.refuse" -}}
{{- $given := list -}}
{{- if .Values.desiredState.files }}{{ $given = append $given "files" }}{{ end -}}
{{- if .Values.desiredState.archive }}{{ $given = append $given "archive" }}{{ end -}}
{{- if .Values.desiredState.configMaps }}{{ $given = append $given "configMaps" }}{{ end -}}
{{- if gt (len $given) 1 }}
{{- fail (printf "desiredState: give one of %s, because one volume hides the other" (join " and " $given)) }}
{{- end }}
{{- end }}
