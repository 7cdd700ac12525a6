//! The webhook road: one signed POST per try. 2xx is taken, 410 is final, anything else is worth a retry.

use async_trait::async_trait;

use crate::outbound::{Outbound, Post};
use crate::ports::{Answer, Channel, Parcel};

/// Notices by signed POST.
#[derive(Clone, Debug)]
pub struct Webhook {
    outbound: Outbound,
}

impl Webhook {
    /// Sends by this way out.
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }
}

#[async_trait]
impl Channel for Webhook {
    async fn deliver(&self, parcel: &Parcel) -> Answer {
        let post = Post {
            id: &parcel.id,
            url: &parcel.url,
            secret: parcel.secret.as_ref(),
            headers: &parcel.headers,
            idempotency_key: false,
            timestamp: parcel.timestamp,
            body: &parcel.body,
        };
        self.outbound.post(post).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::receiver::{Receiver, way_out};
    use crate::outbound::secret::{SecretRef, Setting};
    use crate::outbound::{OUTPUT_BYTES_MAX, Outbound, guard::Guard, secret::Secrets};
    use jiff::{SignedDuration, Timestamp};
    use std::sync::atomic::Ordering;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn parcel(url: String) -> Parcel {
        let (body, timestamp) = (br#"{"type":"approval.requested"}"#.to_vec(), Timestamp::now());
        Parcel { id: "req_1:ana:1".into(), url, secret: None, body, timestamp, headers: Vec::new() }
    }

    async fn answered(what: &str) -> Answer {
        let receiver = Receiver::start().await;
        Webhook::new(way_out(&[])).deliver(&parcel(receiver.url(what))).await
    }

    #[tokio::test]
    async fn a_parcel_arrives_signed_and_byte_for_byte() {
        let (receiver, folder) = (Receiver::start().await, tempfile::tempdir().unwrap());
        let path = folder.path().join("secret");
        std::fs::write(&path, format!("{KEY}\n")).unwrap();
        let secret = SecretRef::File(path);
        let sent = Parcel { secret: Some(secret.clone()), ..parcel(receiver.url("good")) };
        let answer = Webhook::new(way_out(&[secret])).deliver(&sent).await;
        assert_eq!(answer, Answer::Delivered { answer: "200".into(), output: b"thanks".to_vec() });
        let (headers, body) = receiver.got().remove(0);
        assert_eq!(headers["webhook-id"], "req_1:ana:1");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(body, sent.body);
        standardwebhooks::Webhook::new(KEY).unwrap().verify(&body, &headers).unwrap();
    }

    #[tokio::test]
    async fn each_answer_has_its_meaning() {
        assert_eq!(answered("gone").await, Answer::gone("410"));
        assert_eq!(answered("elsewhere").await, Answer::again("302"));
        let later = Answer::Again { answer: "503".into(), output: b"busy".to_vec(), retry_after: Some(SignedDuration::from_secs(7)) };
        assert_eq!(answered("later").await, later);
        assert_eq!(answered("hang").await, Answer::again("timeout"));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let receiver = Receiver::start().await;
        Webhook::new(way_out(&[])).deliver(&parcel(receiver.url("elsewhere"))).await;
        assert_eq!(receiver.got().len(), 1);
    }

    #[tokio::test]
    async fn an_endless_or_dripping_body_is_cut_and_the_status_counts() {
        let Answer::Delivered { output, .. } = answered("huge").await else { panic!("not delivered") };
        assert_eq!(output.len(), OUTPUT_BYTES_MAX);
        assert_eq!(answered("drip").await, Answer::Delivered { answer: "200".into(), output: Vec::new() });
    }

    #[tokio::test]
    async fn an_echoed_secret_is_not_kept() {
        let (receiver, folder) = (Receiver::start().await, tempfile::tempdir().unwrap());
        let path = folder.path().join("token");
        std::fs::write(&path, "Bearer hunter22").unwrap();
        let secret = SecretRef::File(path);
        let headers = vec![("Authorization".to_owned(), Setting::Secret(secret.clone())), ("webhook-id".to_owned(), Setting::Plain("forged".into()))];
        let sent = Parcel { headers, ..parcel(receiver.url("echo")) };
        let answer = Webhook::new(way_out(&[secret])).deliver(&sent).await;
        assert_eq!(answer, Answer::Delivered { answer: "200".into(), output: b"[secret]".to_vec() });
        let (headers, _) = receiver.got().remove(0);
        assert_eq!((headers["authorization"].to_str().unwrap(), headers["webhook-id"].to_str().unwrap()), ("Bearer hunter22", "req_1:ana:1"));
    }

    #[tokio::test]
    async fn what_cannot_be_reached_is_said_in_stable_words() {
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let webhook = Webhook::new(way_out(&[]));
        let cases = [
            (format!("http://{closed}/token=sEcReT"), Answer::again("connection failed")),
            ("http://10.0.0.1/".to_owned(), Answer::again("address refused")),
            ("gopher://x/".to_owned(), Answer::gone("url neither http nor https")),
            ("nonsense".to_owned(), Answer::gone("url not readable")),
        ];
        for (url, answer) in cases {
            assert_eq!(webhook.deliver(&parcel(url.clone())).await, answer, "{url}");
        }
        let unlisted = Parcel { secret: Some(SecretRef::Env("HOME".into())), ..parcel(format!("http://{closed}/")) };
        assert_eq!(webhook.deliver(&unlisted).await, Answer::again("secret `env:HOME` is not listed in `secrets.allow`"));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_loopback_is_refused_unless_allowed() {
        let receiver = Receiver::start().await;
        let url = format!("http://localhost:{}/good", receiver.address.port());
        let strict = Webhook::new(Outbound::new(Guard::default(), Secrets::default()).unwrap());
        assert_eq!(strict.deliver(&parcel(url.clone())).await, Answer::again("address refused"));
        assert!(receiver.got().is_empty());
        assert_eq!(Webhook::new(way_out(&[])).deliver(&parcel(url)).await.text(), "200");
    }

    #[tokio::test]
    async fn connections_are_used_again() {
        let receiver = Receiver::start().await;
        let webhook = Webhook::new(way_out(&[]));
        for _ in 0..20 {
            webhook.deliver(&parcel(receiver.url("good"))).await;
        }
        assert_eq!((receiver.got().len(), receiver.connections.load(Ordering::Relaxed)), (20, 1));
    }
}
