document.title = "Contacts";
