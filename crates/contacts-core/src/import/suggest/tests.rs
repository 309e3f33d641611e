use super::*;
#[test]
fn dbg() {
    println!("{:?} {:?}", tokens::words("Email"), tokens::words("First Name"));
}
