import os

from gan_jax.data.scan import printable, scan


def test_names_are_sorted_with_their_sub_folders(tree):
    root = tree({"b.png": 1, "a/z.JPG": 1, "a/b/c.WebP": 1, "A.TIFF": 1, "m.bmp": 1})
    assert scan(root).names == ("A.TIFF", "a/b/c.WebP", "a/z.JPG", "b.png", "m.bmp")
    assert scan(root).bytes == sum(path.stat().st_size for path in root.rglob("*.*"))


def test_what_is_no_picture_is_counted_and_hidden_files_are_not(tree):
    root = tree(
        {"a.png": 1, "notes.txt": b"x", "more.TXT": b"x", "README": b"x", ".DS_Store": b"x", "._a.png": b"x"}
    )
    listing = scan(root)
    assert listing.names == ("a.png",)
    assert listing.other == {".txt": 2, "no suffix": 1}
    assert not listing.skipped


def test_a_folder_called_like_a_picture_is_a_folder(tree):
    assert scan(tree({"x.png/y.png": 1})).names == ("x.png/y.png",)


def test_odd_files_are_skipped_with_the_reason(tree):
    root = tree({"a.png": 1, "empty.png": b""})
    (root / "gone.png").symlink_to(root / "nowhere")
    (root / "self.png").symlink_to(root / "self.png")
    os.mkfifo(root / "pipe.png")
    assert scan(root).names == ("a.png",)
    assert scan(root).skipped == {
        "empty.png": "empty file",
        "gone.png": "broken link",
        "self.png": "broken link",
        "pipe.png": "not a regular file",
    }


def test_links_are_followed_but_loops_end(tree, tmp_path_factory):
    root = tree({"in/a.png": 1})
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "b.png").write_bytes((root / "in/a.png").read_bytes())
    (root / "in" / "linked").symlink_to(elsewhere)
    (root / "in" / "up").symlink_to(root)
    (elsewhere / "back").symlink_to(root / "in")
    assert scan(root).names == ("in/a.png", "in/linked/b.png")


def test_strange_names_stay_one_printable_line(tree):
    strange = [
        b"new\nline.png",
        "snow ☃ é.png".encode(),
        b"latin-\xe9.png",
        b"-rf.png",
        b"a'b\"c.png",
        b"%s{}.png",
    ]
    root = tree({"keep.png": 1})
    data = (root / "keep.png").read_bytes()
    for name in strange:
        with open(os.path.join(os.fsencode(root), name), "wb") as stream:
            stream.write(data)
    names = scan(root).names
    assert sorted(os.fsencode(name) for name in names) == sorted([*strange, b"keep.png"])
    shown = [printable(name) for name in names]
    assert "new\\nline.png" in shown
    assert "snow ☃ é.png" in shown
    assert all(name.isprintable() and name.encode() for name in shown)
