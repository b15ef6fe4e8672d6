FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libportaudio2 \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN pip install --no-cache-dir '/src[watch]' && rm -rf /src
WORKDIR /data
# docker run --device /dev/snd -v ./rules.toml:/data/rules.toml -v events:/data IMAGE
CMD ["tympan", "watch", "mic", "--rules", "rules.toml", "--plain"]
