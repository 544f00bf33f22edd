//! Drawing pictures anew. To read one takes up to a hundred times the memory of what was sent, so one is drawn at a
//! time, on a thread that ends with it: that is when the allocator gives back what was freed.

use crate::error::{Error, Result};
use bytes::Bytes;
use housekey_store::pictures::Picture;
use image::{DynamicImage, ImageFormat, ImageReader, Limits, imageops::FilterType};
use std::{io::Cursor, sync::Arc, thread, time::Duration};
use tokio::sync::{Semaphore, oneshot};

/// The largest edge that is read.
const MOST_EDGE: u32 = 4096;
/// Memory that reading one may take.
const MOST_MEMORY: u64 = 96 * 1024 * 1024;
/// The edge that is kept.
const KEPT_EDGE: u32 = 512;

/// How long a picture may wait for its turn before its sender is told to come again.
const QUEUE_WAIT: Duration = Duration::from_secs(2);

/// Where pictures are drawn.
pub(crate) struct Drawing {
    turn: Arc<Semaphore>,
    wait: Duration,
}

impl Default for Drawing {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), wait: QUEUE_WAIT }
    }
}

impl Drawing {
    /// Draws a picture anew, square.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything but a PNG, JPEG or WebP within its bounds, [`Error::Unavailable`] when too many
    /// wait.
    pub(crate) async fn draw(&self, sent: Bytes) -> Result<Picture> {
        let busy = || Error::Unavailable { maybe_applied: false, retry_after: QUEUE_WAIT };
        let turn = tokio::time::timeout(self.wait, self.turn.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let (tell, told) = oneshot::channel();
        let draws = move || {
            let drawn = redrawn(&sent);
            drop((sent, turn));
            // Whoever hung up needs no answer, and kept the turn until here all the same.
            drop(tell.send(drawn));
        };
        thread::Builder::new().name("housekey-picture".into()).spawn(draws).map_err(|_| busy())?;
        told.await.map_err(|_| Error::Bug("a picture could not be drawn"))?
    }
}

fn redrawn(sent: &[u8]) -> Result<Picture> {
    let unreadable = || Error::field("file", "picture_unreadable");
    let mut reader = ImageReader::new(Cursor::new(sent)).with_guessed_format().map_err(|_| unreadable())?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) {
        return Err(unreadable());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_EDGE);
    limits.max_image_height = Some(MOST_EDGE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let whole = reader.decode().map_err(|error| match error {
        image::ImageError::Limits(_) => Error::field("file", "picture_too_large"),
        _ => unreadable(),
    })?;
    let edge = whole.width().min(whole.height()).clamp(1, KEPT_EDGE);
    let square = whole.resize_to_fill(edge, edge, FilterType::Triangle);
    let (format, kind, square) = if square.color().has_alpha() {
        (ImageFormat::Png, "image/png", DynamicImage::ImageRgba8(square.to_rgba8()))
    } else {
        (ImageFormat::Jpeg, "image/jpeg", DynamicImage::ImageRgb8(square.to_rgb8()))
    };
    let mut bytes = Cursor::new(Vec::new());
    square.write_to(&mut bytes, format).map_err(|_| Error::Bug("a picture could not be written"))?;
    Ok(Picture { kind: kind.to_owned(), bytes: bytes.into_inner() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgba8(width, height).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn sec_58_a_picture_is_drawn_anew_square_and_within_bounds() {
        let drawn = redrawn(&png(1200, 700)).unwrap();
        let again = image::load_from_memory(&drawn.bytes).unwrap();
        assert_eq!((again.width(), again.height(), drawn.kind.as_str()), (512, 512, "image/png"));
        let mut trailing = png(10, 10);
        trailing.extend_from_slice(b"<script>alert(1)</script>");
        assert!(!redrawn(&trailing).unwrap().bytes.windows(8).any(|w| w == b"<script>"));
        for bad in [&b""[..], b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", &png(10, 10)[..40]] {
            assert!(redrawn(bad).is_err());
        }
        assert!(matches!(redrawn(&png(5000, 1)), Err(Error::Invalid(f)) if f[0].code == "picture_too_large"));
    }

    #[tokio::test]
    async fn sec_58_one_picture_is_drawn_at_a_time_and_whoever_waits_too_long_comes_again() {
        let sent = Bytes::from(png(10, 10));
        let mut drawing = Drawing { wait: Duration::ZERO, ..Drawing::default() };
        let turn = drawing.turn.clone().acquire_owned().await.unwrap();
        let late = drawing.draw(sent.clone()).await;
        assert!(matches!(late, Err(Error::Unavailable { maybe_applied: false, .. })));
        drop(turn);
        drawing.wait = QUEUE_WAIT;
        assert!(drawing.draw(sent.clone()).await.is_ok());
        assert!(drawing.draw(Bytes::new()).await.is_err(), "what cannot be read");
        assert!(drawing.draw(sent).await.is_ok(), "keeps no turn");
    }
}
