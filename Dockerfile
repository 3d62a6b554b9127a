# Give it with a digest (name:tag@sha256:…) where the same base is wanted tomorrow.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements requirements
RUN pip install --require-hashes --only-binary=:all: --requirement requirements/build.txt
# Without pip: nothing is installed into it later.
RUN python -m venv --without-pip /opt/exporter \
 && pip --python /opt/exporter/bin/python install \
      --require-hashes --only-binary=:all: --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
RUN python -m hatchling build --target wheel --directory dist \
 && pip --python /opt/exporter/bin/python install --no-index --no-deps dist/*.whl

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/exporter /opt/exporter
ARG REVISION=unknown
ENV WHMCS_EXPORTER_REVISION=$REVISION PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 9942
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/exporter/bin/whmcs-exporter"]
