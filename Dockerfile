# Give it with a digest (name:tag@sha256:…) where the same base is wanted tomorrow.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_COMPILE=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements requirements
RUN pip install --require-hashes --only-binary=:all: --requirement requirements/build.txt
# Without pip: nothing is installed into it later.
RUN python -m venv --without-pip /opt/exporter \
 && pip --python /opt/exporter/bin/python install \
      --require-hashes --only-binary=:all: --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
# Bytecode that holds whatever becomes of the files' times: nothing can be written when it runs.
RUN python -m hatchling build --target wheel --directory dist \
 && pip --python /opt/exporter/bin/python install --no-index --no-deps dist/*.whl \
 && /opt/exporter/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/exporter

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/exporter /opt/exporter
# The base has a pip, which nobody shall find here, and no bytecode of the standard library: what is
# imported once is compiled.
RUN pip uninstall --yes --root-user-action=ignore pip \
 && /opt/exporter/bin/python -c "import exporter.serving, exporter.config, exporter.cli, exporter.healthcheck, logfmter"
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="whmcs-exporter" \
      org.opencontainers.image.description="Prometheus exporter for the support desks of WHMCS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
ENV PATH=/opt/exporter/bin:$PATH PYTHONDONTWRITEBYTECODE=1 WHMCS_EXPORTER_REVISION=$REVISION
USER 65532:65532
EXPOSE 9942
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["whmcs-exporter", "healthcheck"]
ENTRYPOINT ["whmcs-exporter"]
