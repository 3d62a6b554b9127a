FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
RUN python -m venv /opt/exporter && /opt/exporter/bin/pip install --no-cache-dir .

FROM python:3.13-slim
COPY --from=build /opt/exporter /opt/exporter
ARG REVISION=unknown
ENV WHMCS_EXPORTER_REVISION=$REVISION PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 9942
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/exporter/bin/whmcs-exporter"]
