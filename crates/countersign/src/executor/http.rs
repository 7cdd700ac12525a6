//! Actions by signed POST: the stored bytes, under the one key, to the target of the pinned policy.

use async_trait::async_trait;

use crate::outbound::{Outbound, Post};
use crate::ports::{Answer, Executor, Job, JobTarget};

/// Runs actions by POST.
#[derive(Clone, Debug)]
pub struct HttpExecutor {
    outbound: Outbound,
}

impl HttpExecutor {
    /// Sends by this way out.
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }
}

#[async_trait]
impl Executor for HttpExecutor {
    async fn run(&self, job: &Job) -> Answer {
        let JobTarget::Http { url, headers, secret } = &job.target else {
            return Answer::gone("not an http action");
        };
        let post = Post { id: &job.key, url, secret: secret.as_ref(), headers, idempotency_key: true, timestamp: job.timestamp, body: &job.body };
        self.outbound.post(post).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::receiver::{Receiver, way_out};
    use crate::outbound::secret::{SecretRef, Setting};
    use jiff::Timestamp;

    #[tokio::test]
    async fn rule_21_every_attempt_sends_the_same_bytes_under_the_same_key() {
        let (receiver, folder) = (Receiver::start().await, tempfile::tempdir().unwrap());
        let path = folder.path().join("token");
        std::fs::write(&path, "Bearer erp-token").unwrap();
        let token = SecretRef::File(path);
        let headers = [
            ("Authorization", Setting::Secret(token.clone())),
            ("Content-Type", Setting::Plain("text/x-payment".into())),
            ("idempotency-KEY", Setting::Plain("forged".into())),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let target = JobTarget::Http { url: receiver.url("good"), headers, secret: None };
        let mut job = Job { key: "req_1:approved:pay".into(), target, body: b"pay 12500.00 USD".to_vec(), timestamp: Timestamp::now() };
        let executor = HttpExecutor::new(way_out(&[token]));
        for _ in 0..2 {
            assert_eq!(executor.run(&job).await, Answer::Delivered { answer: "200".into(), output: b"thanks".to_vec() });
            job.timestamp = Timestamp::now();
        }
        let got = receiver.got();
        assert_eq!((got.len(), &got[0].1), (2, &got[1].1));
        for (headers, body) in got {
            assert_eq!(body, job.body);
            let sent = ["idempotency-key", "webhook-id", "authorization", "content-type"].map(|name| headers[name].to_str().unwrap().to_owned());
            assert_eq!(sent, ["req_1:approved:pay", "req_1:approved:pay", "Bearer erp-token", "text/x-payment"]);
        }
    }
}
