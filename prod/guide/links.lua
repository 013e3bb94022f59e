-- A chapter's links: in HTML to the other pages; in the manual page, which has all chapters, only their words.
function Link(link)
  if link.target:match("^https?:") then return link end
  if FORMAT == "man" then return link.content end
  link.target = link.target:gsub("%.md", ".html")
  return link
end
