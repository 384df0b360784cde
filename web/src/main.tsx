import './state/preferences'
import './style/variables.css'
import './style/base.css'
import './style/controls.css'
import './style/layout.css'
import './style/study.css'
import './style/home.css'
import { render } from 'preact'
import { App } from './app'
import { httpSource } from './data/http'
import { setSource } from './data/source'
import { keepConnected } from './state/connection'

setSource(httpSource())
keepConnected()
render(<App />, document.getElementById('app')!)
