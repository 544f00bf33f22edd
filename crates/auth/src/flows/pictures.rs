//! Pictures of users: read with limits, drawn anew, and kept without anything that came with them.

use crate::{
    caller::Caller,
    error::{Error, Result},
    housekey::Housekey,
};
use bytes::Bytes;
use housekey_core::{
    event::EventKind,
    ids::{PictureId, UserId},
};
use housekey_store::pictures::Picture;
use image::{DynamicImage, ImageFormat, ImageReader, Limits, imageops::FilterType};
use std::io::Cursor;

/// The largest edge that is read.
const MOST_EDGE: u32 = 4096;
/// Memory that reading one may take.
const MOST_MEMORY: u64 = 96 * 1024 * 1024;
/// The edge that is kept.
const KEPT_EDGE: u32 = 512;

impl Housekey {
    /// Gives the signed-in user a picture.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything but a PNG, JPEG or WebP within its bounds.
    pub async fn picture_set(&self, caller: &Caller, sent: Bytes) -> Result<PictureId> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        self.pass(self.strength_spends(caller)).await?;
        let drawn = draw(sent).await?;
        let id = PictureId::new(self.now(), self.entropy());
        let event = self.event_here(caller, EventKind::UserUpdated, &here, &user, serde_json::json!({})).await?;
        self.store().set_picture(&user.account.user, Some((id.clone(), drawn)), event).await?;
        Ok(id)
    }

    /// Takes the signed-in user's picture away.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub async fn picture_drop(&self, caller: &Caller) -> Result<UserId> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let event = self.event_here(caller, EventKind::UserUpdated, &here, &user, serde_json::json!({})).await?;
        self.store().set_picture(&user.account.user, None, event).await?;
        Ok(user.account.user)
    }

    /// A picture with its media type.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn picture(&self, id: &PictureId) -> Result<Option<(&'static str, Vec<u8>)>> {
        let found = self.store().reader().picture(id).await?;
        Ok(found.map(|picture| (if picture.kind == "image/png" { "image/png" } else { "image/jpeg" }, picture.bytes)))
    }
}

/// Draws a picture anew, square, on a thread that may take its time.
pub(crate) async fn draw(sent: Bytes) -> Result<Picture> {
    let drawn = tokio::task::spawn_blocking(move || redrawn(&sent)).await;
    drawn.map_err(|_| Error::Bug("a picture could not be drawn"))?
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
}
