# docker build -f docs/examples/tympan.Dockerfile -t tympan .
# docker run --rm -v "$PWD:/data" tympan batch recordings --verb classify -o results
FROM python:3.12-slim
RUN pip install --no-cache-dir torch
COPY . /src
ARG EXTRAS=batch,remote,export
RUN pip install --no-cache-dir "/src[$EXTRAS]" && rm -rf /src
RUN useradd --create-home tympan
USER tympan
ENV OMP_WAIT_POLICY=passive MPLBACKEND=Agg TYMPAN_CACHE=/tmp/tympan
WORKDIR /data
ENTRYPOINT ["tympan"]
CMD ["--help"]
