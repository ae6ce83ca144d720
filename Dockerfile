# Two stages: the wheel is built where build tools may be, and installed where they are not.
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE requirements.lock ./
COPY bridge bridge
COPY wsdl wsdl
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 \
    BRIDGE_CONFIG=/data/bridge.toml \
    BRIDGE__SERVER__LISTEN=0.0.0.0:8080
COPY --from=build /wheels /wheels
COPY requirements.lock /wheels/
RUN pip install --no-cache-dir -c /wheels/requirements.lock /wheels/*.whl \
    && rm -rf /wheels \
    && useradd --system --uid 10001 --home-dir /data bridge \
    && install -d -o bridge -g bridge -m 0700 /data
USER bridge
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]
ENTRYPOINT ["vpbx-bridge"]
CMD ["serve"]
