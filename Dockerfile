# One image for every process; compose.yaml says which one runs.
FROM python:3.13-slim AS packages
COPY requirements.lock .
RUN python -m venv /opt/daybook \
 && /opt/daybook/bin/python -m pip install --require-hashes --no-deps --no-cache-dir -r requirements.lock

FROM python:3.13-slim
ENV PATH=/opt/daybook/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# The font is for PDF: most of the world's alphabets. A new volume gets the folder's owner.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home daybook && install -d -o daybook -m 700 /var/lib/daybook/jobs /var/lib/daybook/files
COPY --from=packages /opt/daybook /opt/daybook
COPY pyproject.toml /srv/daybook/
COPY domain /srv/daybook/domain
COPY application /srv/daybook/application
COPY projections /srv/daybook/projections
COPY api /srv/daybook/api
COPY infra /srv/daybook/infra
RUN printf '#!/bin/sh\nexec python -m infra "$@"\n' >/usr/local/bin/daybook && chmod 755 /usr/local/bin/daybook \
 && python -m compileall -q /srv/daybook
WORKDIR /srv/daybook
USER daybook
EXPOSE 3000 8080
CMD ["daybook", "serve", "--host", "0.0.0.0"]
