"""The pieces that news pages have in common: hosts, analytics snippets, embeds, pixels, forms.

Hosts under `.test` that the policy in `apps.py` declares: metrics, tags, adnet, ads, social, video, recommend, chat.
"""

from __future__ import annotations

#: Who scripts come from: the site itself, declared services, and hosts nobody declared.
SCRIPT_HOSTS = (
    "/assets/js",
    "https://cdn.metrics.test/m",
    "https://static.news.test/js",
    "//tags.test/tag",
    "https://cdn.polyfills.test/v3",
    "https://js.adnet.test/lib",
    "/assets/modules",
    "https://widgets.social.test/w",
    "https://a.recommend.test/loader",
    "https://cdn.fonts.test/kit",
)
METAS = (
    ("name", "description"),
    ("name", "viewport"),
    ("property", "og:title"),
    ("property", "og:description"),
    ("property", "og:type"),
    ("property", "og:site_name"),
    ("name", "twitter:card"),
    ("name", "twitter:title"),
    ("name", "twitter:description"),
    ("name", "robots"),
    ("name", "keywords"),
    ("name", "news_keywords"),
    ("name", "author"),
    ("property", "article:section"),
    ("property", "article:tag"),
    ("name", "theme-color"),
    ("http-equiv", "x-dns-prefetch-control"),
    ("itemprop", "alternativeHeadline"),
)
LINKS = (
    '<link rel="canonical" href="https://news.test/politics/story.html">',
    '<link rel="preload" as="font" type="font/woff2" href="/assets/fonts/serif-400.woff2" crossorigin>',
    '<link rel="stylesheet" href="/assets/css/main.5f3c9a1b.css">',
    '<link rel="preconnect" href="https://img.news.test">',
    '<link rel="preconnect" href="https://cdn.metrics.test" crossorigin>',
    '<link rel="dns-prefetch" href="//js.adnet.test">',
    '<link rel="dns-prefetch" href="//tags.test">',
    '<link rel="preload" as="script" href="https://js.adnet.test/lib/gpt.js">',
    '<link rel="stylesheet" href="https://cdn.fonts.test/css?family=Serif:400,700&amp;display=swap">',
    '<link rel="icon" sizes="32x32" href="/assets/favicon-32.png">',
    '<link rel="apple-touch-icon" href="/assets/touch.png">',
    '<link rel="alternate" type="application/rss+xml" title="News" href="/rss.xml">',
    '<link rel="manifest" href="/manifest.webmanifest">',
    '<link rel="modulepreload" href="/assets/modules/app.91c0d2.js">',
)
STYLE = (
    ".{name}--{number}{{margin:0 {number}px;color:#{colour}}}.{name}>a:hover{{opacity:.{number}}}"
    "@media(min-width:{number}em){{.{name}{{width:{number}%;}}}}"
)
INLINE = (
    (
        "window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());"
        "gtag('config','G-%ID%',{page_path:'/%NAME%'});"
    ),
    (
        "var _paq=window._paq||[];_paq.push(['trackPageView']);_paq.push(['enableLinkTracking']);(function(){"
        "var u='//cdn.metrics.test/';_paq.push(['setTrackerUrl',u+'m.php']);_paq.push(['setSiteId','%ID%']);"
        "var d=document,g=d.createElement('script'),s=d.getElementsByTagName('script')[0];g.async=!0;g.src=u+'m.js';"
        "s.parentNode.insertBefore(g,s)})();"
    ),
    (
        "document.documentElement.className=document.documentElement.className.replace('no-js','js');"
        "if('%NAME%'.length<1&&window.localStorage){localStorage.setItem('seen','%ID%')}"
    ),
    (
        "var adq=adq||[];adq.push(function(){adq.defineSlot('/%ID%/%NAME%',[[300,250],[728,90]],'ad-%ID%');"
        "adq.enableSingleRequest();adq.collapseEmptyDivs()});"
    ),
    (
        "!function(f,b,e,v,n,t,s){if(f.px)return;n=f.px=function(){n.callMethod?n.callMethod.apply(n,arguments):"
        "n.queue.push(arguments)};n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;s=b.getElementsByTagName(e)[0];"
        "s.parentNode.insertBefore(t,s)}(window,document,'script','https://connect.social.test/px.js');"
        "px('init','%ID%');px('track','PageView');"
    ),
    "window.app=Object.assign(window.app||{},{page:'%NAME%',build:'%ID%',compare:function(a,b){return a<b&&b>0}});",
)
SEARCH = (
    '<form class="search" action="/search" role="search"><label for="q">Search</label><input id="q" type="search" '
    'name="q" placeholder="Search the news"><select name="in"><option value="all">All</option>'
    '<option value="week">Past week</option></select><button type="submit">Go</button></form>'
)
EMBEDS = (
    (
        '<div class="embed"><iframe src="https://www.video.test/embed/{id}?rel=0&amp;autoplay=0" width="560" '
        'height="315" title="{title}" allow="fullscreen; picture-in-picture" loading="lazy"></iframe></div>\n'
    ),
    (
        '<blockquote class="post" data-id="{id}"><p>{title}</p></blockquote>'
        '<iframe src="https://widgets.social.test/post/{id}" title="{title}" width=500 height=400></iframe>\n'
    ),
    '<iframe src="https://maps.news.test/embed?place={id}" title="{title}" width="600" height="450"></iframe>\n',
    '<iframe src="https://safeframe.ads.test/f/{id}" title="{title}" width=300 height=250 scrolling=no></iframe>\n',
    '<video controls preload="none" poster="/media/{id}.jpg"><source src="/media/{id}.mp4" type="video/mp4"></video>\n',
)
PIXEL_IN_BODY = (
    '<noscript><iframe src="https://tags.test/ns.html?id=TM-7F2K" height="0" width="0" style="display:none">'
    "</iframe></noscript>"
)
PIXELS = (
    '<noscript><img src="https://cdn.metrics.test/m.php?rec=1" alt="" style="border:0"></noscript>\n'
    '<noscript><img height=1 width=1 src="https://connect.social.test/tr?ev=PageView&amp;noscript=1" alt></noscript>\n'
    '<!--[if lt IE 9]><script src="/assets/js/old.js"></script><![endif]-->\n'
)
COMMENT_FORM = (
    '<form class="comment-form" method="post" action="/articles/story/comments"><p>Your address will not be shown.</p>'
    '<textarea name="comment" rows="6" required></textarea><input name="author" autocomplete="name" required>'
    '<input name="email" type="email" autocomplete="email"><input name="website" type="url">'
    '<label><input type="checkbox" name="remember" value="yes"> Remember my name, email and website in this browser'
    '</label><button type="submit">Post</button></form>\n'
)
